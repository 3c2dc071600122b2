// A program that isolates itself, by libisorun and cgo: go build hello.go
//
// The runtime of Go has made threads before main(), and a process with threads cannot start an instance. So the call is
// in a constructor of C, which runs before the runtime does.
package main

/*
#cgo LDFLAGS: -lisorun
#include <isorun/isorun.h>
#include <stdlib.h>

ISORUN_POLICY_FILE("hello.conf")

// libc passes these to constructors.
__attribute__((constructor)) static void isolate(int argc, char *argv[]) {
	if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
		_Exit(125);
}
*/
import "C"

import (
	_ "embed"
	"fmt"
	"os"
)

// So that the build knows of the dependency.
//
//go:embed hello.conf
var policy string

func main() {
	from, found := os.LookupEnv("FROM")
	if !found {
		from = "another policy"
	}
	fmt.Println("isolated under", from)
}
