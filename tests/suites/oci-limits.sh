#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits of isorun-oci's containers, read back from the kernel. Needs a host with resource controllers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"

limits() { # cgroup path, file...
	local file
	for file in "${@:2}"; do printf '%s=%s ' "$file" "$(tr '\n' ' ' <"/sys/fs/cgroup$1/$file" | sed 's/ $//')"; done
}

has_file() { [ -e "/sys/fs/cgroup/init.scope/$1" ]; }

resources='linux.resources={"memory":{"limit":67108864,"reservation":1048576,"swap":100663296},"cpu":{"shares":512,"quota":50000,"period":200000,"burst":10000},"pids":{"limit":50},"unified":{"memory.high":"60000000"}}'
files=(memory.max memory.low memory.swap.max memory.high cpu.weight cpu.max cpu.max.burst pids.max)
all="memory.max=67108864 memory.low=1048576 memory.swap.max=33554432 memory.high=59998208 cpu.weight=20 cpu.max=50000 200000 cpu.max.burst=10000 pids.max=50 "

start() { # description, options of create, cgroup, [PATH=JSON...]
	bundle "linux.cgroupsPath=\"$2\"" "$resources" "${@:3}" -- busybox sleep 7670
	oci "${manager[@]}" create --bundle "$bundle" box
	no_refusal is "$1: create" "$status$out$err" 0
	oci start box
	await runs '^busybox sleep 7670$'
}

test_limits() {
	local path=/oci-limits-test/box
	manager=()
	start "cgroupfs" "$path"
	no_refusal is "cgroupfs: all limits are the kernel's" "$(limits "$path" "${files[@]}")" "$all"
	test_update "$path" cgroupfs
	oci delete --force box
	no_refusal ok "delete removes the cgroup" [ ! -e "/sys/fs/cgroup$path" ]
	if has_file io.max; then
		refuses "a limit of a device that does not exist" "cannot write 999:0 rbps=1000 to io.max of the cgroup *: No such device" \
			"linux.cgroupsPath=\"$path\"" 'linux.resources={"blockIO":{"throttleReadBpsDevice":[{"major":999,"minor":0,"rate":1000}]}}'
	fi
	refuses "a weight that is none" 'config.json:*: /linux/resources/blockIO: *' "linux.cgroupsPath=\"$path\"" \
		'linux.resources={"blockIO":{"weight":5}}'
	refuses "a huge page limit that is none" 'config.json:*: /linux/resources/hugepageLimits/0: pageSize *' \
		"linux.cgroupsPath=\"$path\"" 'linux.resources={"hugepageLimits":[{"pageSize":"../x","limit":5}]}'
	rmdir /sys/fs/cgroup/oci-limits-test
}

# Also without limits: for statistics, and so that update can set some.
test_controllers() {
	local path=/oci-limits-test/above/box
	bundle "linux.cgroupsPath=\"$path\"" -- busybox sleep 7675
	oci create --bundle "$bundle" box
	no_refusal is "a container without limits has all controllers" "$status $(limits "$path" cgroup.controllers)" "0 $(limits "" cgroup.controllers)"
	oci update --memory 32M --pids-limit 7 box
	also is "... so update can set limits" "$status$err $(limits "$path" memory.max pids.max)" "0 memory.max=33554432 pids.max=7 "
	oci delete --force box
	rmdir /sys/fs/cgroup/oci-limits-test/above /sys/fs/cgroup/oci-limits-test
	bundle 'linux.cgroupsPath="system.slice:oci-test:bare"' -- busybox sleep 7675
	oci --systemd-cgroup create --bundle "$bundle" box
	path=/system.slice/oci-test-bare.scope
	no_refusal is "... also in a scope" "$status $(limits "$path/container" cgroup.controllers)" "0 $(limits "$path" cgroup.controllers)"
	oci delete --force box
}

# The policy of the annotation can only lower limits, and update cannot raise them above it.
test_policy() {
	local path=/oci-limits-test/box
	local -x XDG_CONFIG_HOME=$tmp/config
	mkdir -p "$tmp/config/isorun/policies"
	printf '%s\n' '[Scope]' TasksMax=20 MemoryMax=1G MemoryHigh=512M >"$tmp/config/isorun/policies/few.conf"
	manager=()
	start "isorun.policy" "$path" 'annotations={"isorun.policy":"few"}'
	# promise P61
	no_refusal is "isorun.policy: the smaller limit counts" "$(limits "$path" pids.max memory.max)" "pids.max=20 memory.max=67108864 "
	oci update --pids-limit 40 --memory 80M box
	also is "... also for update" "$status $(limits "$path" pids.max memory.max)" "0 pids.max=20 memory.max=83886080 "
	update_with '{"unified":{"memory.max":"max","pids.max":"max"}}'
	# promise P61
	also is "... nor does unified raise them above it" "$status $(limits "$path" pids.max memory.max)" "0 pids.max=20 memory.max=1073741824 "
	oci delete --force box
	resources='linux.resources={"memory":{"limit":67108864},"unified":{"memory.max":"max","memory.high":"32M","pids.max":"0x10"}}' \
		start "isorun.policy with unified" "$path" 'annotations={"isorun.policy":"few"}'
	# promise P61
	no_refusal is "isorun.policy: no entry of unified is above it, and one below it stays" \
		"$(limits "$path" pids.max memory.max memory.high)" "pids.max=16 memory.max=1073741824 memory.high=33554432 "
	oci delete --force box
	rmdir /sys/fs/cgroup/oci-limits-test
}

update_with() { # limits in JSON, which standard input has
	echo "$1" >"$tmp/changes"
	# shellcheck disable=SC2016
	run sh -c '"$0" --root "$1" update --resources - box <"$2"' "$isorun_oci" "$state" "$tmp/changes"
}

test_update() { # cgroup path, what it is
	local before
	echo 50M >"/sys/fs/cgroup$1/memory.high"
	before=$(cat "$state/box/config.json")
	exec 7<"$state/box/config.json"
	oci update --memory 32M --pids-limit 7 --cpu-quota 20000 --cpu-burst 0 box
	no_refusal is "$2: update" "$status$out$err" 0
	also ok "... replaces the copy of config.json, whose readers have all of the old one" [ "$(cat <&7)" = "$before" ]
	exec 7<&-
	also is "... and leaves no other file" "$(ls "$state/box")" "config.json
state.json"
	also is "... writes no limit that is as it was in config.json" "$(limits "$1" memory.high)" "memory.high=52428800 "
	also is "... changes just these limits" "$(limits "$1" memory.max memory.swap.max pids.max cpu.max cpu.max.burst cpu.weight)" \
		"memory.max=33554432 memory.swap.max=67108864 pids.max=7 cpu.max=20000 200000 cpu.max.burst=0 cpu.weight=20 "
	update_with '{"pids": {"limit": -1}, "cpu": {"shares": 1024}}'
	no_refusal is "$2: update of standard input" "$status $(limits "$1" pids.max cpu.weight cpu.max)" \
		"0 pids.max=max cpu.weight=39 cpu.max=20000 200000 "
	update_with '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	like "$2: not below what is used" "$status $err" "1 isorun-oci: cannot set memory.max of box to 4096: it uses *"
	also is "... and the limit is as it was" "$(limits "$1" memory.max)" "memory.max=33554432 "
	oci update --memory=much box
	like "$2: not a number" "$status $err" "1 isorun-oci: --memory: not a number: \"much\""
	update_with '{"memory": {"limti": 4096}}'
	like "$2: an unknown limit is named" "$status $err" "0 isorun-oci: notice: -: /memory/limti: ignored: *"
	oci update --resources - --pids-limit 9 box
	like "$2: --resources beside a limit" "$status $err" "1 isorun-oci: --resources cannot be combined with --pids-limit"
	also is "... changes nothing" "$(limits "$1" pids.max)" "pids.max=max "
	oci update box
	like "$2: nothing to change" "$status $err" "1 isorun-oci: update: type a limit, or --resources"
}

types() { sed 's/^{"type":"\([a-z]*\)".*/\1/' "$tmp/$1"; }

ticks() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f12,13; } # the processor time of a process

is_idle() { # pid
	local before
	before=$(ticks "$1")
	sleep 0.5
	[ "$(ticks "$1")" = "$before" ]
}

has_open() { readlink "/proc/$1/fd/"* | grep -q "/$2\$"; } # pid, name of a file

test_events() {
	local path=/oci-limits-test/box follower ticker
	bundle "linux.cgroupsPath=\"$path\"" 'linux.resources={"memory":{"limit":16777216,"swap":16777216}}' -- busybox sleep 7673
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7673$'
	"$isorun_oci" --root "$state" events --interval 1h box >"$tmp/events-idle" &
	follower=$!
	await has_open "$follower" memory.events
	no_refusal ok "events uses no processor time while nothing happens" eventually is_idle "$follower"
	"$isorun_oci" --root "$state" events --interval 100ms box >"$tmp/events" &
	ticker=$!
	await eval '[ "$(types events | grep -c stats)" -ge 2 ]'
	no_refusal is "events --interval prints a line at each interval" "$(types events | sort -u)" stats
	oci exec box busybox dd if=/dev/zero of=/dev/null bs=64M count=1
	no_refusal is "what needs more memory than memory.max is killed" "$status" 137
	await eval 'types events | grep -q oom'
	await eval 'types events-idle | grep -q oom'
	no_refusal is "... and events prints a line about it" "$(types events | grep -c oom) $(types events-idle)" "1 oom"
	no_refusal ok "... and then again uses no processor time" eventually is_idle "$follower"
	oci delete --force box
	wait "$follower" && wait "$ticker"
	no_refusal is "events ends with the container" $? 0
	rmdir /sys/fs/cgroup/oci-limits-test
}

test_systemd() {
	local path=/oci.slice/box-two.scope/container
	manager=(--systemd-cgroup)
	start "systemd" "oci.slice:box:two"
	no_refusal is "systemd: all limits are the kernel's" "$(limits "$path" "${files[@]}")" "$all"
	also is "... and systemd's" "$(systemctl show -p MemoryMax -p TasksMax -p CPUWeight box-two.scope | sort | tr '\n' ' ')" \
		"CPUWeight=20 MemoryMax=67108864 TasksMax=50 "
	systemctl daemon-reload
	no_refusal is "... and stay when systemd reads its files again" "$(limits "$path" "${files[@]}")" "$all"
	test_update "$path" systemd
	also is "... of systemd's properties, too" \
		"$(systemctl show -p MemoryMax -p TasksMax -p CPUWeight box-two.scope | sort | tr '\n' ' ')" \
		"CPUWeight=39 MemoryMax=33554432 TasksMax=infinity "
	oci delete --force box
}

test_podman() {
	local manager path file
	if [ -z "${TEST_FULL-}" ]; then
		skip "podman with limits" "it takes half a minute in an emulated kernel (tests/check --full)"
		return
	fi
	podman_begin systemd || return
	for manager in systemd cgroupfs; do
		podman_uses "$manager"
		pod run --detach --name one --memory 64m --memory-swap 96m --pids-limit 50 --cpus 0.5 --cpu-shares 512 box:1 sh -c 'exec busybox sleep 7671'
		no_refusal is "podman with $manager: run with limits" "$status" 0
		await runs '^busybox sleep 7671$'
		path=$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7671$')/cgroup")
		also is "... which are the kernel's" "$(limits "$path" memory.max memory.swap.max pids.max cpu.max cpu.weight)" \
			"memory.max=67108864 memory.swap.max=33554432 pids.max=50 cpu.max=50000 100000 cpu.weight=20 "
		pod stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemLimit}}' one
		like "... which podman stats shows" "$status $out" "0 one 1 *"
		pod rm --force --time 0 one
		no_refusal is "... and rm removes it" "$status $(ls /run/isorun-oci)" "0 "
	done
	podman_end
}

test_limits
test_policy
test_events
test_controllers
test_device_rules
test_systemd
test_podman
