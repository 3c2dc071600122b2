# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154  # $here is the sourcing script's, $th_user is from state.sh
# Sourced by nested and uml: the state directory of one run, and what passes from the caller to CMD.

# shellcheck source=env.sh
. "$here/env.sh"

me=${0##*/}
state_base=/tmp/isorun-testhost   # inside a host /tmp is a fresh tmpfs, so no host sees another's state
state=                            # this run's directory below it
state_lock=                       # fd: locked for as long as this wrapper, or a child that inherited it, lives

warn() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { warn "$*"; exit 125; }

# --- cgroups -------------------------------------------------------------------------------------

cgroup2_mount() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

# The directory of the caller's own cgroup in the cgroup2 hierarchy; hosts are made below it.
own_cgroup() {
	local mount path
	mount=$(cgroup2_mount)
	[ -n "$mount" ] || return 1
	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	path=$mount$path
	printf '%s\n' "${path%/}"
}

# Kill what is left in a cgroup and remove it. It stays busy for some ms after its last process died.
cgroup_remove() {
	local cgroup=$1 try
	for try in {1..100}; do
		[ -d "$cgroup" ] || return 0
		[ "$try" = 1 ] || sleep 0.05
		echo 1 2>/dev/null >"$cgroup/cgroup.kill" || :
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || :
	done
	[ ! -d "$cgroup" ]
}

# --- the state directory -------------------------------------------------------------------------

state_remove() {
	local dir=$1 try
	[ ! -s "$dir/cgroup" ] || cgroup_remove "$(cat "$dir/cgroup")" || warn "could not remove $(cat "$dir/cgroup")"
	for try in 1 2 3; do
		rm -rf --one-file-system "$dir" 2>/dev/null && return
		sleep 0.1
	done
	warn "could not remove $dir"
}

# Remove what wrappers that were SIGKILLed left behind: their lock is free. (Their processes died with them.)
state_sweep() {
	local dir
	for dir in "$state_base"/*/; do
		dir=${dir%/}
		[ -e "$dir/lock" ] || continue
		flock -n "$dir/lock" true || continue
		state_remove "$dir"
	done
}

# Make $state and lock it. One lock over sweeping and making, lest a run be swept before it holds its own.
state_create() {
	local base_lock
	umask 022
	mkdir -p "$state_base"
	if [ ! -O "$state_base" ] || [ -L "$state_base" ]; then
		die "$state_base is not mine"
	fi
	exec {base_lock}>"$state_base/.lock"
	flock "$base_lock"
	state_sweep
	state=$(mktemp -d "$state_base/XXXXXX")
	exec {state_lock}>"$state/lock"
	flock "$state_lock"
	exec {base_lock}>&-
	chmod 755 "$state"   # seen as /run/testhost; ordinary users may read the unit files
}

# Wait up to $1 seconds until no child holds the inherited lock either.
state_unused() {
	exec {state_lock}>&-
	flock -w "$1" "$state/lock" true
}

# --- what passes from the caller to CMD ----------------------------------------------------------

# All of CMD's environment, in the array host_env. $1: the kind of host.
collect_host_env() {
	local passed_env
	collect_passed_env
	# shellcheck disable=SC2034  # for the caller
	host_env=(
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8
		${TERM+"TERM=$TERM"}
		TESTHOST="$1" TH_USER="$th_user"
		"${passed_env[@]}"
	)
}

# The git top level that holds $PWD, or else $PWD.
project_dir() {
	local dir=$PWD
	while [ "$dir" != / ]; do
		[ ! -e "$dir/.git" ] || { printf '%s\n' "$dir"; return; }
		dir=$(dirname "$dir")
	done
	pwd
}

# A directory of the system's own is never given to CMD writable, nor put in place of the host's own.
is_system_dir() {
	case $1 in
	/dev/shm/?*) return 1 ;;
	/ | /bin | /boot | /etc | /home | /lib* | /media | /mnt | /opt | /root | /run | /sbin | /srv | /tmp | /var) return 0 ;;
	/usr | /usr/* | /dev | /dev/* | /proc | /proc/* | /sys | /sys/*) return 0 ;;
	*) return 1 ;;
	esac
}

# The directories that stay the caller's, writable, one a line: the project and those of TH_BIND.
writable_dirs() {
	local dir
	{
		project_dir
		tr : '\n' <<<"${TH_BIND-}"
	} | while IFS= read -r dir; do
		[ -d "$dir" ] || continue
		is_system_dir "$dir" || realpath "$dir"
	done | sort -u   # parents come before what lies below them
}
