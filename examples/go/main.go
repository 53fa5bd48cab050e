// Filter prints which rules match which records of a table.
//
//	go build && ./filter RULES SCHEME.toml TABLE.tsv BACKEND
//
// The table is as in examples/c/filter.c, and so is what is printed.
package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Read reads the columns of a table.
func Read(path string) (*Table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	table := &Table{Offsets: []int32{0}}
	lines := bufio.NewScanner(file)
	for row := 0; lines.Scan(); row++ {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != 3 {
			return nil, fmt.Errorf("%s: line %d has not three cells", path, row+1)
		}
		port, err := strconv.ParseInt(cells[0], 10, 64)
		if err != nil {
			return nil, err
		}
		src, err := netip.ParseAddr(cells[2])
		if err != nil {
			return nil, err
		}
		if row%8 == 0 {
			table.Valid = append(table.Valid, 0)
		}
		if cells[1] != "" {
			table.Valid[row/8] |= 1 << (row % 8)
		}
		octets := src.As4()
		table.Ports = append(table.Ports, port)
		table.Hosts = append(table.Hosts, cells[1]...)
		table.Offsets = append(table.Offsets, int32(len(table.Hosts)))
		table.Addresses = append(table.Addresses, octets[:]...)
	}
	return table, lines.Err()
}

func run(arguments []string) error {
	source, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	scheme, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	table, err := Read(arguments[2])
	if err != nil {
		return err
	}
	rules, err := Compile(string(source), string(scheme), arguments[3])
	if err != nil {
		return err
	}
	instance, err := rules.Instance()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	return instance.Run(table, func(rule, record int) { fmt.Fprintf(out, "%s\t%d\n", rules.Names[rule], record+1) })
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: filter RULES SCHEME.toml TABLE.tsv BACKEND")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
