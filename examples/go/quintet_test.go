package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

const scheme = `[fields]
port = "Int"
host = { type = "Bytes", optional = true }
src = { type = "Ip", optional = true }
`

const source = `rule low = port < 100
rule host = host contains "7"
rule net = src in {10.0.3.0/24}
`

// Rows are the records from a number on.
func rows(from, count int) *Table {
	table := &Table{Offsets: []int32{0}, Valid: make([]byte, count/8+1)}
	for i := 0; i < count; i++ {
		n := from + i
		table.Ports = append(table.Ports, int64(n%1000))
		if n%5 != 0 {
			table.Hosts = append(table.Hosts, fmt.Sprintf("host-%d", n)...)
			table.Valid[i/8] |= 1 << (i % 8)
		}
		table.Offsets = append(table.Offsets, int32(len(table.Hosts)))
		table.Addresses = append(table.Addresses, 10, 0, byte(n>>8), byte(n))
	}
	return table
}

func expected(rule, n int) bool {
	switch rule {
	case 0:
		return n%1000 < 100
	case 1:
		return n%5 != 0 && strings.Contains(fmt.Sprint(n), "7")
	default:
		return n>>8&255 == 3
	}
}

// 64 goroutines share the rules, each with an instance of its own.
func TestGoroutinesShareRules(t *testing.T) {
	for _, backend := range []string{"closures", "jit", "lua"} {
		rules, err := Compile(source, scheme, backend)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for g := 0; g < 64; g++ {
			all.Add(1)
			go func(g int) {
				defer all.Done()
				instance, err := rules.Instance()
				if err != nil {
					t.Error(err)
					return
				}
				for round := 0; round < 4; round++ {
					from, found := g*1000+round*100, map[[2]int]bool{}
					if err := instance.Run(rows(from, 777), func(rule, record int) { found[[2]int{rule, record}] = true }); err != nil {
						t.Error(err)
						return
					}
					for rule := range rules.Names {
						for record := 0; record < 777; record++ {
							if found[[2]int{rule, record}] != expected(rule, from+record) {
								t.Errorf("%s: rule %d answers otherwise on %d", backend, rule, from+record)
								return
							}
						}
					}
				}
			}(g)
		}
		all.Wait()
	}
}

// Each goroutine gets the error of its own call.
func TestErrorsAreOfTheirCalls(t *testing.T) {
	var all sync.WaitGroup
	for g := 0; g < 64; g++ {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			name := fmt.Sprintf("unknown%d", g)
			_, err := Compile(name+" == 1", scheme, "closures")
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), fmt.Sprintf("bytes 0 to %d", len(name))) {
				t.Errorf("%s: %v", name, err)
			}
		}(g)
	}
	all.Wait()
}
