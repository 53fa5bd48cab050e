package main

/*
#cgo pkg-config: quintet
#include <quintet.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// Rules are compiled rules, for any number of goroutines.
type Rules struct {
	engine *C.quintet_engine
	scheme *C.quintet_scheme
	rules  *C.quintet_rules
	fields [3]C.uint32_t
	// Names are the rules' names.
	Names []string
}

// Instance runs rules for one goroutine at a time, on whichever thread that is.
type Instance struct {
	rules    *Rules
	instance *C.quintet_instance
	batch    *C.quintet_batch
	matches  *C.quintet_matches
}

// Table is columns of records.
type Table struct {
	Ports     []int64
	Offsets   []int32
	Hosts     []byte
	Valid     []byte
	Addresses []byte
}

func bytes(text string) (*C.uint8_t, C.size_t) {
	return (*C.uint8_t)(unsafe.StringData(text)), C.size_t(len(text))
}

func text(text C.quintet_text) string {
	return C.GoStringN((*C.char)(unsafe.Pointer(text.data)), C.int(text.len))
}

// failed is what a call says was wrong. The error came with the call, not from the thread: a goroutine may be on another one by now.
func failed(status C.enum_quintet_status, wrong *C.quintet_error) error {
	if status == C.QUINTET_STATUS_OK {
		return nil
	}
	defer C.quintet_error_free(wrong)
	message := []string{text(C.quintet_error_message(wrong))}
	var found C.quintet_diagnostic
	for i := C.size_t(0); bool(C.quintet_error_diagnostic(wrong, i, &found)); i++ {
		message = append(message, fmt.Sprintf("  bytes %d to %d: %s (%s)", found.start, found.end, text(found.message), text(found.help)))
	}
	return errors.New(strings.Join(message, "\n"))
}

// Compile compiles rules against a scheme's TOML text.
func Compile(source, scheme, backend string) (*Rules, error) {
	rules := &Rules{}
	var wrong *C.quintet_error
	if status := C.quintet_engine_new(&rules.engine, &wrong); status != C.QUINTET_STATUS_OK {
		return nil, failed(status, wrong)
	}
	runtime.SetFinalizer(rules, func(r *Rules) {
		C.quintet_rules_free(r.rules)
		C.quintet_scheme_free(r.scheme)
		C.quintet_engine_free(r.engine)
	})
	data, size := bytes(scheme)
	if status := C.quintet_scheme_from_toml(rules.engine, data, size, &rules.scheme, &wrong); status != C.QUINTET_STATUS_OK {
		return nil, failed(status, wrong)
	}
	data, size = bytes(source)
	id, length := bytes(backend)
	if status := C.quintet_rules_compile(rules.engine, rules.scheme, data, size, id, length, &rules.rules, &wrong); status != C.QUINTET_STATUS_OK {
		return nil, failed(status, wrong)
	}
	for i, name := range []string{"port", "host", "src"} {
		data, size := bytes(name)
		if !bool(C.quintet_scheme_field(rules.scheme, data, size, &rules.fields[i])) {
			return nil, fmt.Errorf("the scheme has no field %s", name)
		}
	}
	for i := C.size_t(0); i < C.quintet_rules_count(rules.rules); i++ {
		rules.Names = append(rules.Names, text(C.quintet_rules_name(rules.rules, i)))
	}
	return rules, nil
}

// Instance makes what a goroutine needs to run the rules.
func (r *Rules) Instance() (*Instance, error) {
	instance := &Instance{rules: r}
	runtime.SetFinalizer(instance, func(i *Instance) {
		C.quintet_matches_free(i.matches)
		C.quintet_batch_free(i.batch)
		C.quintet_instance_free(i.instance)
	})
	var wrong *C.quintet_error
	if status := C.quintet_instance_new(r.rules, &instance.instance, &wrong); status != C.QUINTET_STATUS_OK {
		return nil, failed(status, wrong)
	}
	if status := C.quintet_batch_new(r.scheme, &instance.batch, &wrong); status != C.QUINTET_STATUS_OK {
		return nil, failed(status, wrong)
	}
	status := C.quintet_matches_new(&instance.matches, &wrong)
	return instance, failed(status, wrong)
}

// Run calls match with each rule and record that match, in order of the records. One call of C fills all records, and one runs all rules.
func (i *Instance) Run(table *Table, match func(rule, record int)) error {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pin := func(pointer unsafe.Pointer) unsafe.Pointer {
		pinned.Pin(pointer)
		return pointer
	}
	rows := len(table.Ports)
	if rows == 0 {
		return nil
	}
	columns := []C.quintet_column{
		{field: i.rules.fields[0], kind: C.QUINTET_KIND_I64, values: pin(unsafe.Pointer(&table.Ports[0]))},
		{field: i.rules.fields[1], kind: C.QUINTET_KIND_BYTES32, values: pin(unsafe.Pointer(&table.Offsets[0])),
			data_len: C.size_t(len(table.Hosts)), valid: (*C.uint8_t)(pin(unsafe.Pointer(&table.Valid[0])))},
		{field: i.rules.fields[2], kind: C.QUINTET_KIND_IP4, values: pin(unsafe.Pointer(&table.Addresses[0]))},
	}
	if len(table.Hosts) > 0 {
		columns[1].data = (*C.uint8_t)(pin(unsafe.Pointer(&table.Hosts[0])))
	}
	var wrong *C.quintet_error
	if status := C.quintet_batch_fill(i.batch, &columns[0], 3, C.size_t(rows), &wrong); status != C.QUINTET_STATUS_OK {
		return failed(status, wrong)
	}
	if status := C.quintet_instance_run(i.instance, i.batch, i.matches, &wrong); status != C.QUINTET_STATUS_OK {
		return failed(status, wrong)
	}
	words := (rows + 63) / 64
	masks := make([][]uint64, len(i.rules.Names))
	for rule := range masks {
		masks[rule] = unsafe.Slice((*uint64)(unsafe.Pointer(C.quintet_matches_words(i.matches, C.size_t(rule)))), words)
	}
	for record := 0; record < rows; record++ {
		for rule, mask := range masks {
			if mask[record/64]>>(record%64)&1 != 0 {
				match(rule, record)
			}
		}
	}
	runtime.KeepAlive(i)
	return nil
}
