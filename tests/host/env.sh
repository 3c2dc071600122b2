# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by nested and uml (through common.sh) and by as-user: the variables that pass from the caller to CMD.

# As NAME=VALUE words in the array passed_env.
collect_passed_env() {
	local assignment
	passed_env=()
	while IFS= read -r -d '' assignment; do
		case $assignment in
		ISORUN_*=* | TEST_*=*) ;;
		MESON_TEST_ITERATION=* | CI=* | LLVM_PROFILE_FILE=*) ;;
		ASAN_OPTIONS=* | UBSAN_OPTIONS=* | LSAN_OPTIONS=*) ;;
		*) continue ;;
		esac
		passed_env+=("$assignment")
	done < <(env -0)
}
