// A program with a policy: go build server.go; isorun --own ./server
//
// The note comes from C, so this needs cgo. Without cgo, the linker of Go puts no note of yours into the program; use
// isoctl embed server.conf ./server then.
package main

/*
#include <isorun/policy.h>
ISORUN_POLICY_FILE("server.conf")
*/
import "C"

import (
	_ "embed"
	"fmt"
	"os"
)

// So that the build knows of the dependency.
//
//go:embed server.conf
var policy string

func main() {
	from, found := os.LookupEnv("FROM")
	if !found {
		from = "another policy"
	}
	fmt.Println("started under", from)
}
