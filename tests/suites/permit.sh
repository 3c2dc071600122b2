#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl diff, meet and check --within; and that a policy which isoctl meet has made denies inside what either policy
# denies. Needs no systemd.
. "$(dirname "$0")/../lib.sh"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd "$tmp" || exit
mkdir data seen
echo text >seen/file
label=permit

# What a policy may permit: a name, the line that permits or denies it, and a command that succeeds where it is permitted.
names=(net write show personality inet variable files chown)
lines=(PrivateNetwork=no "BindPaths=$tmp/data" "BindReadOnlyPaths=$tmp/seen" LockPersonality=no
	"RestrictAddressFamilies=AF_UNIX AF_INET" PassEnvironment=SAMPLE LimitNOFILE=64 CapabilityBoundingSet=CAP_CHOWN)
# The line denies these, and permits the others.
denies=(files)
probes=("[ \$(readlink /proc/self/ns/net) = '$(readlink /proc/self/ns/net)' ]" "echo >$tmp/data/x" "cat $tmp/seen/file"
	"setarch -R true" "bash -c 'exec 3<>/dev/udp/127.0.0.1/9'" "[ \$SAMPLE ]" "[ \$(ulimit -n) != 64 ]"
	"[ \$((0x\$(sed -n 's/^CapBnd:.//p' /proc/self/status) & 1)) = 1 ]")
script=
for i in "${!names[@]}"; do
	script+="(${probes[i]}) >/dev/null 2>&1 && echo ${names[i]}"$'\n'
done
is_denied_by_line() { [[ " ${denies[*]} " = *" ${names[$1]} "* ]]; }

# Writes a policy that permits those whose bit is set in a mask.
write_policy() { # file, mask
	local i permits
	echo "[Sandbox]" >"$1"
	for i in "${!names[@]}"; do
		permits=$(($2 >> i & 1))
		if is_denied_by_line "$i"; then
			[ $permits = 1 ] || echo "${lines[i]}"
		elif [ $permits = 1 ]; then
			echo "${lines[i]}"
		elif [ "${names[i]}" = inet ]; then
			echo "RestrictAddressFamilies=AF_UNIX AF_NETLINK"
		fi
	done >>"$1"
}

permitted() { # mask
	local i
	for i in "${!names[@]}"; do
		[ $(($1 >> i & 1)) = 0 ] || echo "${names[i]}"
	done
}

inside() { # description, policy, mask
	SAMPLE=x box --no-scope --policy "$2" sh -c "$(to_end "$script")"
	is_reached "$1" "$(permitted "$3")"
}

all=$(((1 << ${#names[@]}) - 1))
write_policy all.conf $all
no_refusal inside "each probe works where it is permitted" ./all.conf $all
write_policy none.conf 0
inside "... and none where nothing is" ./none.conf 0
RANDOM=13
for pair in 1 2 3 4 5; do
	a=$((RANDOM & all)) b=$((RANDOM & all))
	write_policy a.conf $a
	write_policy b.conf $b
	"$isoctl" meet a.conf b.conf >ab.conf
	inside "pair $pair ($a, $b): inside, only what both permit works" ./ab.conf $((a & b))
done

# A program with a policy in its comments, started under another one
program_inside() { # description, policy, policy of the program, mask
	{ echo "#!/bin/sh"; sed 's/^/# isorun: /' "$3"; to_end "$script"; } >program
	chmod 755 program
	SAMPLE=x box --no-scope --policy "$2" ./program
	is_reached "$1" "$(permitted "$4")"
}
for pair in 6 7 8; do
	a=$((RANDOM & all)) b=$((RANDOM & all))
	write_policy a.conf $a
	write_policy b.conf $b
	# promise P49
	program_inside "pair $pair ($a, $b): a program's policy narrows that of --policy, and widens nothing" ./a.conf b.conf $((a & b))
done
# promise P49
program_inside "a program's policy that allows everything widens nothing" ./none.conf all.conf 0
program_inside "... and one that allows nothing takes everything" ./all.conf none.conf 0
sed -i '1i [Policy]\nProgram=ignore' all.conf
no_refusal program_inside "... but not with Program=ignore" ./all.conf none.conf $all

# Root's payload has no capabilities, so the file of another user is closed to it.
if [ "$(id -u)" = 0 ]; then
	mkdir -m 700 closed
	echo text >closed/file
	chown -R nobody closed
	own_user() { # line of the program's policy, options...
		printf '#!/bin/sh\n# isorun: [Sandbox]\n# isorun: %s\n%s\n' "$1" "$(to_end "cat $PWD/closed/file 2>/dev/null")" >program
		chmod 755 program
		SAMPLE=x box --no-scope -v "$PWD/closed:$PWD/closed:ro" --policy ./all.conf "${@:2}" ./program
	}
	sed -i '1,2d' all.conf
	own_user PrivateNetwork=yes
	is_reached "root's payload does not read a file of another user" ""
	for line in User=nobody Group=nogroup; do
		own_user $line
		# promise P49
		like "... nor by a program's policy with $line" "$status $out$err" "125 isorun: *./program:3: ${line%=*}=: a program's own policy does not choose for root: put $line into *"
	done
	own_user User=nobody -p User=nobody
	no_refusal is_reached "... but if root says so" text
else
	skip "root's payload does not read a file of another user" "needs root"
fi

note=" [no isorun]"
ctl() { run "$isoctl" "$@"; }
printf '[Sandbox]\nPrivateNetwork=no\nBindPaths=%s\nSystemCallFilter=@system-service\nSystemCallFilter=bpf\n' \
	"$tmp/data" >wide.conf
printf '[Scope]\nMemoryMax=1G\n' >narrow.conf
printf '[Sandbox]\nSystemCallFilter=@system-service\n' >plain.conf
ctl diff plain.conf wide.conf
like "diff says in words what the second allows" "$status $out" "1 wide.conf allows, and plain.conf does not:
  BindPaths=: $tmp/data: $tmp/data of the host, writable*; plain.conf: *   # wide.conf:3
  PrivateNetwork=: no; plain.conf: yes   # wide.conf:2
  SystemCallFilter=: bpf   # wide.conf:5"
ctl diff wide.conf wide.conf
is "diff is silent and returns 0 if both allow the same" "$status $out$err" "0 "
ctl diff --json plain.conf wide.conf
is "diff --json" "$(python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d["a"], d["b"], len(d["only_a"]), *((r["directive"], r["allows"], r["other"], r["origin"]) for r in d["only_b"][1:]))' \
	<<<"$out")" "plain.conf wide.conf 0 ('PrivateNetwork', 'no', 'yes', 'wide.conf:2') \
('SystemCallFilter', 'bpf', None, 'wide.conf:5')"
is "... as the schema says" "$("$top/tests/json-agrees.py" diff 20 <<<"$out" 2>&1)" ""
ctl check --within wide.conf plain.conf
is "check --within: a narrower policy" "$status $out$err" "0 "
ctl check --within plain.conf wide.conf narrow.conf
like "check --within: each line that allows more" "$status $err" "1 isoctl: wide.conf:3: BindPaths=: *
isoctl: wide.conf:2: PrivateNetwork=: no; plain.conf: yes
isoctl: wide.conf:5: SystemCallFilter=: bpf"
ctl check --json --within plain.conf wide.conf narrow.conf
is "check --within --json: each with its line" "$status $(python3 -c 'import json, sys
for p in json.load(sys.stdin):
    print(p["policy"], p["passed"], *("%d:%s" % (m["origin"]["line"], m["directive"]) for m in p["messages"]))' <<<"$out")" \
	"1 wide.conf False 3:BindPaths 2:PrivateNetwork 5:SystemCallFilter
narrow.conf True"
printf '[Sandbox]\nMemoryMax=1G\nUser=nobody-at-all\n\xff=1\n' >wrong.conf
ctl check --json --syntax plain.conf wrong.conf
is "check --json: messages with their lines" "$status $err$(python3 -c 'import json, sys
for p in json.load(sys.stdin):
    print(p["policy"], p["passed"], *((m["severity"], m["origin"]["line"], m["directive"]) for m in p["messages"]))' <<<"$out")" \
	"125 plain.conf True
wrong.conf False ('error', 2, 'MemoryMax') ('error', 4, '\\\\xff')"
is "... as the schema says" "$("$top/tests/json-agrees.py" check 20 <<<"$out" 2>&1)" ""
ctl check --within missing plain.conf
is "check --within: no such policy" "$status" 125
printf '[Service]\nExecStart=/bin/true\nMemoryMax=2G\nPrivateNetwork=yes\n' >web.service
ctl diff --unit web.service narrow.conf
like "a unit" "$status $out" "1 *web.service allows, and narrow.conf does not:
*MemoryMax=: at most 2G; narrow.conf: at most 1G*"
printf '[Scope]\nMemoryMax=2M\nMemorySwapMax=0\nTasksMax=9\n' >small.conf
ctl meet small.conf default
like "a size and a share of the memory compare on this machine" "$status $out$err" "0 *
# On this machine, 2M permits less than 50% (default.conf (built-in):*)
MemoryMax=2M
*"
ctl check --within default small.conf
is "... and check --within compares them, too" "$status $out$err" "0 "
LC_ALL=C ctl analyze default
like "what is printable in UTF-8 is not escaped" "$status $out" "0 *RestrictAddressFamilies=~… *"
printf '#!/bin/sh\n# isorun: [Sandbox]\n# isorun: PrivateNetwork=no\n' >program
chmod +x program
ctl check --within default ./program
like "a program that carries a policy" "$status $err" "1 *./program*PrivateNetwork=: no; default: yes*"
printf '[Sandbox]\nUser=nobody\n' >nobody.conf
printf '[Sandbox]\nUser=daemon\n' >daemon.conf
ctl meet nobody.conf daemon.conf
is "meet: lines that contradict each other" "$status $out$err" \
	"125 isoctl: nobody.conf:2: User=: nobody and daemon (daemon.conf:2) contradict each other, and neither permits less"
wrong=
for policy in "$top"/policies/*.conf; do
	"$isoctl" meet "$policy" "$policy" >same.conf 2>/dev/null && "$isoctl" diff "$policy" same.conf >/dev/null ||
		wrong+=" $policy"
done
is "each policy of the gallery meets itself in a policy that allows the same" "$wrong" ""
ctl meet plain.conf
is "meet needs two policies" "$status $err" "125 isoctl: name 2 to 16 policies"
