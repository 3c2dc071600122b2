# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by nested and uml (through common.sh) and by as-user: the variables that pass from the caller to CMD.

# As NAME=VALUE words in the array passed_env, without another program.
collect_passed_env() {
	local name
	passed_env=()
	for name in "${!ISORUN_@}" "${!TEST_@}" MESON_TEST_ITERATION CI LLVM_PROFILE_FILE {A,UB,L}SAN_OPTIONS; do
		[ -z "${!name+set}" ] || passed_env+=("$name=${!name}")
	done
}
