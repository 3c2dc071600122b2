#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/bench/run still works. It measures nothing here: times are not compared.
. "$(dirname "$0")/../lib.sh"

parts=starts,mounts,throughput,batch,flows,memory,counts,inside,watching,self,list,growth,bundles,images
if is_sanitized; then
	parts=${parts/counts,/} # of the sanitizer, which valgrind does not run
	parts=${parts/self,/}   # of which there is none then
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # in a sandbox, the search for leaks cannot use ptrace(2)
fi

verified_start
run "$top/tests/bench/run" --quick --only "$parts" --data "$tmp/data"
no_refusal is "the quick run ends well" "$status $err" "0 "
also no_refusal is "... with a result for isorun of each part" "$(python3 -c 'import json, sys
rows = json.load(open(sys.argv[1]))["results"]
print(*dict.fromkeys(r["part"] for r in rows if r["median"] > 0 and "bwrap" not in r["case"]), sep=",")' "$tmp/data")" "$parts"
run "$top/docs/gen-growth.py" "$tmp/data" "$tmp/growth.svg"
also no_refusal is "... and a chart for each curve" "$status $err$(grep -o 'bold">[^<]*' "$tmp/growth.svg" | cut -d'>' -f2 | tr '\n' ,)" \
	"0 host mounts,volumes,policy lines,running instances,nesting,"
run "$top/docs/gen-growth.py" --check "$tmp/data" "$tmp/growth.svg"
also no_refusal is "... which is up to date" "$status $err" "0 "
