#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What systemd has made for the service that isorun is the main process of is there inside: directories, credentials, the
# variables that name them. Needs a systemd.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP units' directories would be made on this machine"
	exit 0
fi
optional=(-p "Optional=MemoryMax TasksMax")
directories=(RuntimeDirectory="isorun-test isorun-test-2/sub" StateDirectory=isorun-test CacheDirectory=isorun-test
	LogsDirectory=isorun-test ConfigurationDirectory=isorun-test-conf)

# The same with isorun; words of isorun's behind --.
service() {
	local properties=()
	while [ "$1" != -- ]; do
		properties+=("$1")
		shift
	done
	shift
	as_service "${properties[@]}" -- "$isorun" --quiet "${optional[@]}" "$@"
}

refused() { # description, pattern of the one line, arguments of service...
	service "${@:3}"
	like "$label: $1" "$status $(wc -l <"$tmp/err") $err" "125 1 isorun: $2"
}

# Inside: which of the directories that a variable lists can be written. A file, since systemd expands what is in braces.
cat >"$tmp/probe" <<'SH'
for name in RUNTIME STATE CACHE LOGS CONFIGURATION; do
	for dir in $(busybox env | busybox sed -n "/^${name}_DIRECTORY=/{s///;s/:/ /g;p}"); do
		if busybox touch "$dir/there" 2>/dev/null; then echo "$name $dir written"; else echo "$name $dir"; fi
	done
done
SH
probe=(-v "$tmp/probe:/probe:ro" busybox sh /probe)

all_written() {
	printf '%s written\n' "RUNTIME $runtime/isorun-test" "RUNTIME $runtime/isorun-test-2/sub" "STATE $state/isorun-test" \
		"CACHE $cache/isorun-test" "LOGS $logs/isorun-test"
	echo "CONFIGURATION $configuration/isorun-test-conf"
}

none_written() { all_written | sed 's/ written$//'; }

make_tree() {
	local dir
	for dir in bin proc dev run tmp var/tmp etc; do mkdir -p "$tmp/tree/$dir"; done
	cp /bin/busybox "$tmp/tree/bin/"
}

test_directories() {
	service "${directories[@]}" -- "${probe[@]}"
	is "$label: the unit's directories are there, as it has them" "$out" "$(all_written)"
	service "${directories[@]}" RuntimeDirectoryPreserve=yes -- "${probe[@]}"
	no_refusal ok "$label: ... and what is written there stays" "${who[@]}" test -e "$state/isorun-test/there" -a -e "$runtime/isorun-test/there"
	rm -rf "$runtime/isorun-test" "$runtime/isorun-test-2"
	service "${directories[@]}" -- --root none "${probe[@]}"
	no_refusal is "$label: ... over no root" "$out" "$(all_written)"
	service "${directories[@]}" -- --root "$tmp/tree" "${probe[@]}"
	is "$label: ... over a tree" "$out" "$(all_written)"
	service "${directories[@]}" -- -p "TemporaryFileSystem=/run:ro /var:ro ${state%%/.*}:ro" "${probe[@]}"
	is "$label: ... where the policy has something empty around them" "$out" "$(all_written)"
	service "${directories[@]}" -- -p "InaccessiblePaths=/run /var" "${probe[@]}"
	is "$label: ... where it hides what is around them" "$out" "$(all_written)"
	service "${directories[@]}" -- -p "InaccessiblePaths=/run /var" ls /run /var
	like "$label: ... which cannot be listed" "$err" "*/run*Permission denied*/var*Permission denied*"
	service -- sh -c "$(to_end 'env | grep DIRECTORY')"
	no_refusal is_reached "$label: a unit without any has none" ""
}

test_origin() {
	service "${directories[@]}" SetCredential=token:x -- --dry-run --verbose true
	like "$label: the plan says what they come from" "$out" \
		"*$runtime/isorun-test *writable $runtime/isorun-test   # RuntimeDirectory= of isorun-test.service*"
	like "$label: ... of those that are read-only, too" "$out" \
		"*$configuration/isorun-test-conf *read-only $configuration/isorun-test-conf   # ConfigurationDirectory= of isorun-test.service*"
	like "$label: ... and credentials, but not what they hold" "$out" \
		"*/run/credentials/isorun-test.service/token read-only file, a copy of *credentials/isorun-test.service/token   # a credential of isorun-test.service*"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit=isorun-test.service -p StateDirectory=isorun-test "$isorun" --quiet "${optional[@]}" sleep 980
	await runs '^sleep 980$'
	verified isorun-test.service
	run "${who[@]}" "$isoctl" status --verbose isorun-test.service
	like "$label: ... and status" "$out" "*$state/isorun-test *# StateDirectory= of isorun-test.service*"
	"${who[@]}" systemctl "${bus[@]}" stop isorun-test.service
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test.service 2>/dev/null
	service StateDirectory=isorun-test -- --dry-run --json true
	is "$label: ... as JSON" "$(python3 -c 'import json, sys
print([e["origin"] for e in json.load(sys.stdin)["root"] if e["key"] == sys.argv[1]])' "$state/isorun-test" <<<"$out")" \
		"[{'file': 'StateDirectory= of isorun-test.service', 'line': 0}]"
}

test_policy_wins() {
	mkdir -p "$tmp/own"; echo own >"$tmp/own/what"
	service StateDirectory=isorun-test -- -v "$tmp/own:$state/isorun-test:ro" sh -c 'cat $STATE_DIRECTORY/what; touch $STATE_DIRECTORY/x'
	is "$label: what the policy puts there comes before" "$out" own
	like "$label: ... as it says" "$err" "*Read-only file system*"
	service StateDirectory=isorun-test -- -v "$tmp/own/what:$state/isorun-test:ro" sh -c 'cat $STATE_DIRECTORY'
	is "$label: ... a file, too" "$out" own
	service StateDirectory=isorun-test -- -p "TemporaryFileSystem=$state/isorun-test" sh -c 'ls $STATE_DIRECTORY; touch $STATE_DIRECTORY/memory && echo ok'
	is "$label: ... or an empty directory" "$out" ok
	also ok "$label: ... whose files are not the unit's" test ! -e "$state/isorun-test/memory"
	service StateDirectory=isorun-test -- -p "InaccessiblePaths=$state/isorun-test" sh -c 'ls $STATE_DIRECTORY'
	like "$label: ... or hides" "$err" "*Permission denied*"
	service StateDirectory=isorun-test -- -p Environment=STATE_DIRECTORY=/other sh -c 'echo $STATE_DIRECTORY'
	is "$label: ... the variable, too" "$out" /other
}

# A process further down has the variables, and none of what they mean.
test_further_down() {
	as_service StateDirectory=isorun-test SetCredential=token:x -- sh -c "$isorun --quiet ${optional[*]@Q} sh -c 'env | grep -c DIRECTORY; ls -d $state/isorun-test /run/credentials'; exit 7"
	is "$label: who is not the main process gets nothing" "$status $out" "7 0"
	like "$label: ... neither directory is there" "$err" "*$state/isorun-test*No such file*/run/credentials*No such file*"
	as_service StateDirectory=isorun-test -- sh -c "exec $isorun --quiet ${optional[*]@Q} sh -c 'touch \$STATE_DIRECTORY/x && echo ok'"
	no_refusal is "$label: who has become it by exec does" "$out" ok
}

# systemd makes them, and what is no such thing is somebody's mistake.
test_wrong() {
	touch "$tmp/file"
	refused "a relative path" 'cannot use $STATE_DIRECTORY of isorun-test.service: etc: not an absolute path, or it contains *' Environment=STATE_DIRECTORY=etc -- true
	refused "one that climbs" 'cannot use $LOGS_DIRECTORY of isorun-test.service: /var/../etc: not an absolute path, or it contains *' \
		Environment=LOGS_DIRECTORY=/var/../etc -- true
	refused "an empty one among others" 'cannot use $CACHE_DIRECTORY of isorun-test.service: : not an absolute path, or it contains *' \
		Environment=CACHE_DIRECTORY=/tmp: -- true
	refused "one that is not there" 'cannot use $RUNTIME_DIRECTORY of isorun-test.service: /run/isorun-none: No such file or directory' \
		Environment=RUNTIME_DIRECTORY=/run/isorun-none -- true
	refused "a file" "cannot use \$CONFIGURATION_DIRECTORY of isorun-test.service: $tmp/file: Not a directory" \
		"Environment=CONFIGURATION_DIRECTORY=$tmp/file" -- true
	refused "credentials that are not there" 'cannot use $CREDENTIALS_DIRECTORY of isorun-test.service: /run/none: No such file or directory' \
		Environment=CREDENTIALS_DIRECTORY=/run/none -- true
	service Environment=STATE_DIRECTORY=/ -- sh -c 'touch /usr/there /etc/there'
	like "$label: the root stays as it is" "$err" "*/usr/there*Read-only file system*/etc/there*Read-only file system*"
}

credentials='cd $CREDENTIALS_DIRECTORY && for f in *; do echo "$f $(cat "$f") $(stat -c %a "$f")"; done; stat -c %a .'
test_credentials() {
	local unit_has=(SetCredential="set:of the unit" LoadCredential="dir:$tmp/credentials")
	mkdir -p "$tmp/credentials/below"
	echo one >"$tmp/credentials/one"
	echo two >"$tmp/credentials/below/two"
	echo own >"$tmp/own-credential"

	service "${unit_has[@]}" -- sh -c "$credentials"
	no_refusal is "$label: the unit's credentials, those of a directory as systemd has them" "$out" \
		$'dir_below_two two 400\ndir_one one 400\nset of the unit 400\n500'
	service "${unit_has[@]}" -- -p SetCredential=set:mine -p "LoadCredential=dir_one:$tmp/own-credential" -p SetCredential=more:x sh -c "$credentials"
	is "$label: the policy's own win" "$out" $'dir_below_two two 400\ndir_one own 400\nmore x 400\nset mine 400\n500'
	service "${unit_has[@]}" -- -p LoadCredential=again:set sh -c 'cat $CREDENTIALS_DIRECTORY/again'
	is "$label: one by name" "$out" "of the unit"
	service "${unit_has[@]}" -- --root none busybox cat /run/credentials/isorun-test.service/set
	no_refusal is "$label: ... over no root" "$out" "of the unit"
	service "${unit_has[@]}" -- -p InaccessiblePaths=/run sh -c 'cat $CREDENTIALS_DIRECTORY/set'
	no_refusal is "$label: ... where /run is hidden" "$out" "of the unit"
	service "${unit_has[@]}" -- sh -c 'echo x >$CREDENTIALS_DIRECTORY/set'
	no_refusal like "$label: none can be written" "$status $err" "2 *Read-only file system*"
	service -- sh -c 'echo "<$CREDENTIALS_DIRECTORY>"'
	no_refusal is "$label: a unit without any has no directory" "$out" "<>"
}

# Whose the directories are is the unit's to say, and who may write there what the files' permissions say.
test_users() {
	local asked=("${probe[@]:0:2}" sh -c 'busybox sh /probe; id -u; cat $CREDENTIALS_DIRECTORY/token')
	label="User= of the unit"
	service User=nobody "${directories[@]}" SetCredential=token:x -- "${asked[@]}"
	no_refusal is "$label: the unit's directories are there" "$out" "$(all_written)"$'\n65534\nx'
	rm -rf /var/{lib,cache,log}/isorun-test
	label="User= of the policy"
	service "${directories[@]}" SetCredential=token:x -- -p User=nobody "${asked[@]}"
	is "$label: directories of root's cannot be written, credentials can be read" "$out" "$(none_written)"$'\n65534\nx'
	service "${directories[@]}" StateDirectoryMode=1777 -- -p User=nobody "${probe[@]}"
	no_refusal is "$label: ... one that all may write to can" "$(grep STATE <<<"$out")" "STATE /var/lib/isorun-test written"
	rm -rf /var/{lib,cache,log}/isorun-test
	label=DynamicUser=
	service DynamicUser=yes "BindReadOnlyPaths=$build $tmp/probe" "${directories[@]}" SetCredential=token:x -- "${asked[@]}"
	no_refusal is "$label: the unit's directories are there" "${out%$'\n'6????$'\nx'}" "$(all_written)"
	no_refusal ok "$label: ... below private/" test -e /var/lib/private/isorun-test/there -a -L /var/lib/isorun-test
	service DynamicUser=yes "BindReadOnlyPaths=$build $tmp/probe" "${directories[@]}" -- --root none "${probe[@]}"
	no_refusal is "$label: ... over no root" "$out" "$(all_written)"
	service DynamicUser=yes "BindReadOnlyPaths=$build $tmp/probe" "${directories[@]}" -- -v /var:/var:ro "${probe[@]}"
	no_refusal is "$label: ... where the policy shows the host's /var" "$out" "$(all_written)"
	rm -rf /var/{lib,cache,log}/{private,isorun-test}
}

all() {
	test_directories
	test_origin
	test_policy_wins
	test_further_down
	test_wrong
	test_credentials
}

make_tree
label=root who=() bus=()
runtime=/run state=/var/lib cache=/var/cache logs=/var/log configuration=/etc
all
test_users
label=user who=("$as_user") bus=(--user) home=$(getent passwd "$TH_USER" | cut -d: -f6)
runtime=/run/user/$(id -u "$TH_USER") state=$home/.config cache=$home/.cache logs=$home/.config/log configuration=$home/.config
all
# The manager of a user has state and configuration in one place.
service StateDirectory=isorun-test ConfigurationDirectory=isorun-test -- "${probe[@]}"
no_refusal is "$label: what is both state and configuration can be written" "$out" \
	"STATE $state/isorun-test written"$'\n'"CONFIGURATION $state/isorun-test written"
