#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Container images: isoctl image takes them into its store, hostile ones with an error, and an instance has one as its
# root. As root, whose store keeps owners and set-user-ID bits, and as a user.
. "$(dirname "$0")/../lib.sh"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP only root can mount a store for the tests"
	exit 0
fi

images=$tmp/images
mkdir "$images"
"$top/tests/images.py" "$images" || exit
chmod -R a+rX "$images"

# All that a store has, and the names in its directories.
stored() { ls "$store/layers" "$store/images" "$store/names"; }
files_in() { find "$@" -mindepth 1 -maxdepth 1 -printf '%f\n'; }

image() { run "${who[@]}" "${home[@]}" "$isoctl" image "$@"; }

image_id() { image show "$1" && sed -n 's/^ID: //p' <<<"$out"; }

# The sizes of all files of the layers, each file once.
sizes() { find "$store"/layers/*/root -type f -printf '%D:%i %s\n' | sort -u | cut -d' ' -f2; }

# A refusal: its only error, and nothing is left of it.
refuses() { # description, pattern of the error, arguments of "add"
	image add "${@:3}"
	like "$label: refused: $1" "$status $(grep -vc notice "$tmp/err") $(grep -v notice "$tmp/err")" "125 1 isoctl: $2"
	# promise P51
	also is "$label: ... and nothing of it is left" "$(stored)" "$before"
}

opaque() { # file: its extended attributes
	python3 -c 'import os, sys; print(*sorted(os.listxattr(sys.argv[1])))' "$upper/$1"
}

# A directory on a file system that can have whiteouts (an overlay cannot) and user xattrs (tmpfs can since Linux 6.6).
find_place() {
	local place
	for place in "$tmp" "$build" ${TH_SCRATCH-}; do
		store_place=$(mktemp -d "$place/image-test.XXXXXX")
		chmod 755 "$store_place"
		mknod "$store_place/whiteout" c 0 0 2>/dev/null &&
			python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"")' "$store_place" 2>/dev/null && return
		rm -rf "$store_place"
	done
	echo "1..0 # SKIP no file system here can have a store"
	exit 0
}

# Whether isoctl has made the file that standard input is copied into.
reads_late() { find /proc/[0-9]*/fd -lname "$store/*(deleted)" 2>/dev/null | grep -q .; }

note=" [no isorun]"
adds() {
	local hostile=(
		"a name with ..|dots|*absolute name, or one with*" "an absolute name|absolute|*absolute name*"
		"a symlink to /etc as a parent|symlinked|*etc/out: a parent is not a directory*"
		"a relative symlink as a parent|relative|*a/out: a parent is not a directory*"
		"a hard link out of the layer|hardlink|*x: a hard link that leads out*"
		"a hard link through a symlink|linked|*x: a hard link to a file that the layer does not have*"
		"a whiteout of ..|whiteout|*not the name of a file to delete*" "a symlink as the root|root|*the root is not a directory*"
		"a file of 1 TiB in a small archive|sparse|*hole: the files are larger than --max-size= allows*"
		"a blob with another digest|damage|*does not have the digest*"
		"a truncated layer|truncate|*truncated gzip input*"
		"a layer that is not the config's|other_contents|*contents have another digest*"
		"an unknown media type|media_type|unknown media type*" "a digest that is not SHA-256|long_digest|*no digest that isorun can check*"
		"a blob that is a link out of the image|linked_blob|*it is a link that leads elsewhere*"
		"a layer that is not an archive|notar|*not a tar archive*" "a config with another digest|damage_config|*does not have the digest*"
		"300 directories in each other|deep|*File name too long*" "a name of 256 bytes|long_name|*File name too long*"
		"a path of 5000 bytes|long_path|*File name too long*" "a user of 33 bits|ids|*x: it belongs to uid 4294967296, which is not an id*"
		"a user that chown(2) ignores|directory_ids|*x: it belongs to uid 4294967295, which is not an id*"
		"a whiteout without a name|nothing|*not the name of a file to delete*" "an opaque file|opaque_file|*a parent is not a directory*"
		"a hard link to a device|of_device|*x: a hard link to a file that the layer does not have*"
		"a hard link to a file of another layer|of_lower|*x: a hard link to a file that the layer does not have*"
		"a pax header with a size of 1 TiB|pax_size|*x: the files are larger than --max-size= allows*" "indices in indices|indices|*is behind too many indices*"
		"a frame that takes 2 TiB of memory|window|*cannot decompress it: *" "an index of 1 TiB|huge|*cannot read index.json: it is larger than 4 MiB*"
		"a blob of another size|resized|*has 1099511627776 bytes, and not * as the image says"
		"a blob of 1 TiB|endless|*cannot read blobs/*: it is larger than --max-size= allows")
	local case title name pattern before first
	local plain=
	home=() store=/var/lib/isorun/images owner=root
	if [ "$label" = user ]; then
		mkdir "$store_place/user"
		chown "$TH_USER" "$store_place/user"
		home=(env "XDG_DATA_HOME=$store_place/user") store=$store_place/user/isorun/images owner=$TH_USER
		plain="*User is not used*files of other users than root are yours, too: $TH_USER has no subordinate ids in /etc/subuid *"
	fi

	image list
	is "$label: an empty store has no images" "$status $out$err" "0 "
	image add "oci:$images/good:1"
	like "$label: add takes an image with a gzip and a zstd layer" "$status $out" "0 good:1 sha256:*"
	first=$out
	like "$label: ... and says what it leaves out" "$err" "$plain*devices are left out: 1*attributes are left out: 3*"
	is "$label: nobody else can enter the store" "$(stat -c '%a %U' "$store")" "700 $owner"
	image show good:1
	base=$(sed -n 's/^Layer: sha256://p' <<<"$out" | head -n1)
	upper=$store/layers/$(sed -n 's/^Layer: sha256://p' <<<"$out" | tail -n1)/root
	is "$label: a deleted name is a whiteout" "$(stat -c %F:%t:%T "$upper/etc/gone")" "character special file:0:0"
	# promise P51
	is "$label: a directory that hides those below is opaque, and of the archive's xattrs, only the program's own is kept" \
		"$(opaque opaque) $(opaque srv/grün)" "user.overlay.opaque user.kind"
	is "$label: a hard link is one" "$(stat -c %h "$upper/srv/hard")" 2
	ok "$label: long names are whole" test -e "$(find "$upper/srv" -name "nnn*" -type f -size -10c)"
	if [ "$label" = root ]; then
		is "$label: files keep owners and set-user-ID bits" "$(stat -c %u "$upper/srv/other") $(stat -c %a "$upper/srv/suid")" "33 4755"
	else
		is "$label: files are the user's own, without set-user-ID bits" \
			"$(stat -c %U "$upper/srv/other") $(stat -c %a "$upper/srv/suid")" "$TH_USER 755"
	fi
	ok "$label: a device is left out" test ! -e "$upper/srv/null"
	is "$label: a fifo is kept" "$(stat -c '%F %a' "$upper/srv/pipe")" "fifo 640"

	image add "oci-archive:$images/good.tar" from-archive:1
	is "$label: the same image as an archive has the same ID" "$out" "from-archive:1 ${first#* }"
	image add "docker-archive:$images/docker.tar:2"
	is "$label: ... and as docker saves it" "$out" "example.org/team/app:2 ${first#* }"
	image list --no-legend
	is "$label: list has all names" "$(awk '{ print $1, $3 }' <<<"$out" | xargs)" "example.org/team/app:2 2 from-archive:1 2 good:1 2"
	image list --json
	is "$label: ... also as JSON, as the schema says" "$("$top/tests/json-agrees.py" image 15 <<<"$out" 2>&1)" ""
	is "$label: ... with the size of its files" "$(python3 -c 'import json, sys
print({i["size"] for i in json.load(sys.stdin)} == {sum(map(int, sys.argv[1].split()))})' "$(sizes)" <<<"$out")" True
	run "${who[@]}" "${home[@]}" "$isoctl" _complete isoctl image rm go
	is "$label: its name and tag are completed" "$out" $'good:1\tan image\n\tfiles 0'
	run "${who[@]}" "${home[@]}" "$isoctl" _complete isorun --root image:
	like "$label: ... behind --root, too" "$out" $'*image:good:1\tan image*'
	run "${who[@]}" "${home[@]}" "$isoctl" _complete isorun -p RootDirectory=image:go
	is "$label: ... and in a policy's line" "$out" $'RootDirectory=image:good:1\tan image'
	image tag good:1 again
	is "$label: tag gives it another name" "$status $out $(image_id again)" "0 again:latest ${first#* } ${first#* }"
	image tag good:1 "sha256:0123456789"
	like "$label: ... but not one that looks like an ID" "$status $err" "125 *not a name of an image*"
	image show --json again
	is "$label: show has the config as JSON, as the schema says" "$("$top/tests/json-agrees.py" image 15 <<<"$out" 2>&1)" ""
	also is "$label: ... with its ports" "$(python3 -c 'import json, sys; print(*json.load(sys.stdin)[0]["ports"])' <<<"$out")" "8080/tcp"
	image rm again
	before=$(stored)
	run "${who[@]}" "${home[@]}" sh -c 'cat "$1" | "$0" image add docker-archive:- piped' "$isoctl" "$images/docker.tar"
	is "$label: add reads an archive from standard input" "$status $out" "0 piped:latest ${first#* }"
	image rm piped
	rm -f "$tmp/pipe"
	mkfifo -m 666 "$tmp/pipe"
	exec 9<>"$tmp/pipe"
	"${who[@]}" "${home[@]}" "$isoctl" image add docker-archive:- late <"$tmp/pipe" >"$tmp/late.$label" 2>"$tmp/late.$label.err" 9>&- &
	exec 8>"$tmp/pipe" 9<&- # without a reader, cat ends
	await reads_late
	run timeout 60 "${who[@]}" "${home[@]}" "$isoctl" image gc
	is "$label: ... which does not keep others waiting" "$status $err" "0 "
	cat "$images/docker.tar" >&8
	exec 8>&-
	wait $!
	is "$label: ... and may come late" "$? $(cat "$tmp/late.$label")" "0 late:latest ${first#* }"
	image rm late
	run "${who[@]}" "${home[@]}" sh -c 'head -c 3M /dev/zero | "$0" image add --max-size=1M docker-archive:-' "$isoctl"
	is "$label: ... and is no larger than --max-size=" "$status $err" "125 isoctl: standard input is larger than --max-size= allows"
	refuses "an empty standard input" "standard input: not a tar archive" docker-archive:-
	is "$label: each layer is there once" "$(files_in "$store/layers" | wc -l)" 2
	image show good:1
	like "$label: show prints the config as policy lines" "$out" "*Port: 8080/tcp (to reach it from this machine: ListenOn=8080)*Environment=\"FROM=env 100%% \$x\"*KillSignal=SIGINT*"
	image show "sha256:${first:14:8}"
	like "$label: ... also for an ID that begins so" "$status $out" "0 *ID: ${first#* }*"
	image show "sha256:${first:14:7}"
	like "$label: ... but not for 7 digits" "$status $err" "125 isoctl: not a name of an image, nor an ID or its first 8 digits or more: *"
	image show good
	is "$label: without a tag, it is latest, and an error names those that are there" "$status $err" \
		"125 isoctl: no image good:latest; there is good:1 (isoctl image list shows all)"
	image add "oci:$images/good:1" "sha256:0123456789"
	like "$label: a name that looks like an ID is refused" "$status $err" "125 *not a name of an image*"
	image add "oci:$images/good:1" sha256
	like "$label: ... also without a tag" "$status $err" "125 *not a name of an image: \"sha256\" *"
	image verify
	is "$label: verify finds nothing changed" "$status $out" "0 "
	echo changed >>"$upper/srv/hard"
	image verify good:1
	like "$label: ... and finds a file that has changed" "$status $out" "1 good:1: the layer * has changed*"
	echo >>"$store/images/${first##*:}/config.json"
	image verify good:1
	like "$label: ... and a config" "$status $out" "1 good:1: its config has changed*"

	before=$(stored)
	for case in "${hostile[@]}"; do
		IFS='|' read -r title name pattern <<<"$case"
		refuses "$title" "$pattern" "oci:$images/$name"
	done
	refuses "a layer that grows" "*larger than --max-size= allows" --max-size=1M "oci:$images/bomb"
	refuses "a layer of names alone" "*: it grows beyond what --max-size= allows" --max-size=1M "oci:$images/files"
	refuses "directories that only names have" "*/d/*: the names have more directories than --max-size= allows" --max-size=1M "oci:$images/implied"
	refuses "a layer of an archive that is a path out of it" "*cannot read ../*: it is a link that leads elsewhere" "docker-archive:$images/docker-out.tar"
	refuses "a layer that is a directory" "*cannot read .: it is not a regular file" "docker-archive:$images/docker-directory.tar"
	refuses "a config that is a path of the host" "*cannot read /etc/passwd: it is a link that leads elsewhere" "docker-archive:$images/docker-config.tar"
	refuses "an image that is not there" "cannot open*" "oci:$images/none"
	refuses "a tag that the image does not have" "the source has no image with the tag 7 (tags: *" "oci:$images/good:7"
	refuses "an image of another architecture" "the image is for linux/other, not for linux/*" "oci:$images/other_machine"
	refuses "two images without a tag" "the source has 2 images: add :TAG (tags: 1, 2)" "oci:$images/two"
	refuses "a tag that an archive of docker does not have" "the source has 0 images with the tag 7" "docker-archive:$images/docker.tar:7"
	refuses "a source without a format" "the source of an image is oci:DIR*" "$images/good"
	refuses "a directory as an archive" "cannot open *: Is a directory (add oci:DIR)" "oci-archive:$images/good"
	refuses "an archive as a directory" "*Not a directory (add oci-archive:FILE or docker-archive:FILE)" "oci:$images/good.tar"
	refuses "an archive of the other format" "*manifest.json: * (an archive in OCI's format is oci-archive:FILE)" "docker-archive:$images/good.tar"
	refuses "a file that is no archive" "/etc/passwd: not a tar archive" oci-archive:/etc/passwd
	# promise P51
	is "$label: nothing was written outside" "$(ls -d /out /etc/out /etc/absolute "$store/../out" "$store/out" 2>/dev/null)" ""

	at_once
	image add "oci:$images/known" known:1
	is "$label: layers that the store has are not read again" "$status $out" "0 known:1 ${first#* }"
	image rm known:1
	of_others
	image rm good:1 from-archive:1 not-there example.org/team/app:2
	is "$label: rm names an image that is not there" "$status $err" "125 isoctl: no image not-there:latest (isoctl image list shows all)"
	status=0 err=
	is "$label: rm removes the names, and the files that no name has" "$status $err$(files_in "$store/layers" "$store/images" "$store/names")" "0 "
	before=$(stored)
	interrupted
	killed
	disk_full
	image rm good:1
	like "$label: ... and not a name that is not there" "$status $err" "125 isoctl: no image good:1 (isoctl image list shows all)"
}

# Both wait for one lock; whoever comes second finds the layers.
at_once() {
	local i pids=()
	for i in 1 2; do
		"${who[@]}" "${home[@]}" "$isoctl" image add "oci:$images/many" "many:$i" >"$tmp/at-once-$i" 2>/dev/null &
		pids+=($!)
	done
	status=0
	for i in "${pids[@]}"; do wait "$i" || status=$?; done
	is "$label: two at once add one image" "$status $(cut -d' ' -f2 "$tmp"/at-once-* | sort -u | wc -l)" "0 1"
	image rm many:1 many:2
}

# Others could put their files into an image, or take set-user-ID programs out of it.
of_others() {
	chmod 710 "$store"
	image add "oci:$images/plain"
	# promise P51
	like "$label: a store that others can enter is refused" "$status $err" "125 isoctl: cannot use the images in $store: it must belong to you*"
	run "${who[@]}" "${home[@]}" "$isorun" --root image:good:1 true
	also like "$label: ... also as a root" "$status $err" "125 isorun: cannot use the images in $store: it must belong to you*"
	chmod 700 "$store"
	[ "$label" = root ] || return
	chown daemon "$store"
	image list
	like "$label: ... and so is one of another user" "$status $err" "125 isoctl: cannot use the images in $store: it must belong to you*"
	chown root "$store"
}

# The disk is full in a file's contents, or when its name is made.
disk_full() {
	mount -t tmpfs -o "size=400k,mode=700,uid=$(id -u "$owner")" none "$store"
	image add "oci:$images/plain"
	like "$label: a full disk is an error" "$status $err" "125 isoctl: *No space left on device*"
	is "$label: ... and nothing of it is left" "$(find "$store" -type f ! -name lock ! -name users) $(files_in "$store/layers")" " "
	umount "$store"
}

# Kills an add when it has made some of 30 layers.
killed() {
	local times=5
	[ -z "${TEST_FULL-}" ] || times=50
	run "${who[@]}" "${home[@]}" python3 -c 'import os, random, subprocess, sys, time
random.seed(11)
layers, killed = sys.argv[2], 0
for _ in range(int(sys.argv[1])):
    least = len(os.listdir(layers)) + random.randrange(15)
    add = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL)
    while add.poll() is None and len(os.listdir(layers)) < least:
        time.sleep(0.001)
    add.kill()
    killed += add.wait() == -9
    subprocess.run([sys.argv[3], "image", "gc"], check=True)
sys.exit(not killed)' "$times" "$store/layers" "$isoctl" image add "oci:$images/many" killed
	is "$label: add is killed some times" "$status" 0
	await gone 'image add oci:.*many'
	image rm killed 2>/dev/null
	image gc
	also is "$label: ... and what it has left is removed" "$status $(find "$store" -name .new)$(stored)" "0 $before"
}

# A signal that comes during add, and one that cannot be caught.
interrupted() {
	run "${who[@]}" "${home[@]}" python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])' "$isoctl" image add "oci:$images/plain"
	is "$label: an interrupted add leaves nothing" "$status $err $(stored)" \
		"125 isoctl: the layer ${base:0:12}: interrupted $before"
	"${who[@]}" mkdir -p "$store/layers/.new/root/left" "$store/.new"
	"${who[@]}" touch "$store/names/.new"
	image list
	is "$label: the file of a name that is not yet set is not listed" "$status $out$err" "0 "
	image gc
	is "$label: what a killed add has left is removed" "$status $(find "$store" -name .new)" "0 "
	# As after a crash of the machine, whose file system had written only the name.
	"${who[@]}" mkdir -p "$store/layers/$base/root"
	image add "oci:$images/plain"
	is "$label: a layer that no image has is unpacked again" "$status $(stat -c %s "$store/layers/$base/root/bin/busybox")" \
		"0 $(stat -c %s /bin/busybox)"
	synced
	image rm plain:1
}

# After a crash of the machine, a name is the old file or the new one.
synced() {
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: a name is on the disk before it counts" "strace cannot trace here"
		return
	fi
	touch "$tmp/trace-$label"
	chmod 666 "$tmp/trace-$label"
	run "${who[@]}" "${home[@]}" env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -o "$tmp/trace-$label" -e trace=fsync,/rename \
		"$isoctl" image tag plain:1 synced
	is "$label: a name is on the disk before it counts" "$status $(grep -oE 'fsync|rename[^(]*\(.*names/' "$tmp/trace-$label" | cut -c1-5 | xargs)" \
		"0 fsync renam"
	image rm synced
	kept_for_verify
}

# strace stops isoctl when it holds the image.
kept_for_verify() {
	local stopped=$tmp/stopped-$label pid
	touch "$stopped"
	chmod 666 "$stopped"
	"${who[@]}" "${home[@]}" env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -o "$stopped" -e trace=flock -e inject=flock:signal=STOP:when=1 \
		"$isoctl" image verify plain:1 >"$stopped-out" 2>&1 &
	pid=$!
	await grep -q "stopped by SIGSTOP" "$stopped"
	image rm plain:1
	like "$label: rm keeps an image that is verified" "$status $err" "0 *are in use are kept: 1 *"
	kill -CONT "$(sed -n 's/ .*stopped by SIGSTOP.*//p' "$stopped" | head -n1)"
	wait "$pid"
	is "$label: ... whose layers are all there" "$? $(<"$stopped-out")" "0 "
	image gc
	image add "oci:$images/plain" plain:1
}

# An image as a root. $out of the first check shows that the program ran to its end.
note=
roots() {
	local pid id good=$images/good
	image add "oci:$good"
	who_runs=("${who[@]}" "${home[@]}")
	inside() { # description, expected, options..., script
		run "${who_runs[@]}" "$isorun" --quiet "${@:3:$#-3}" -- /bin/sh -c "$(to_end "${@: -1}")"
		is_reached "$label: $1" "$2"
	}

	inside "an image is the root: upper layers win, delete and hide" $'upper\nkept passwd new' --root image:good:1 \
		'cat /etc/kept; echo $(ls /etc /opaque | grep -v :)'
	[ "$label" = user ] || inside "... also without a user namespace" "passwd new" --root image:good:1 -p PrivateUsers=no 'echo $(ls /opaque /etc | grep -v -e : -e kept)'
	id=$(image_id good:1)
	inside "its ID names the image" "passwd new" --root "image:$id" 'echo $(ls /opaque /etc | grep -v -e : -e kept)'
	run "${who_runs[@]}" "$isorun" --root "image:${id:0:15}" true
	# promise P51
	like "$label: ... and the beginning of an ID does not: another image may have it" "$status $err" \
		"125 isorun: --root: *all 64 digits of the image's ID are needed*: ${id:0:15}"
	inside "its config sets the environment and the working directory" "env 100% \$x /work" --root image:good:1 'echo $FROM $PWD'
	inside "a line of the policy wins" "mine /bin" --root image:good:1 -E FROM=mine -C /bin 'echo $FROM $PWD'
	inside "the root is read-only, and a volume of the image is in memory" "written" --root image:good:1 \
		'echo x >/data/x && echo written; echo x 2>/dev/null >/work/x && echo wrong; echo x 2>/dev/null >>/etc/kept && echo wrong; :'
	# promise P51
	is "$label: ... and no layer has changed" "$("${who_runs[@]}" "$isoctl" image verify 2>&1; echo $?)" 0
	run "${who_runs[@]}" "$isorun" --quiet --root image:good:1
	is "$label: without a command, the image's own runs" "$status $out" "0 from the image: env 100% \$x /work"
	mkdir -p "$tmp/volume" && echo mine >"$tmp/volume/file"
	no_refusal inside "a volume of the policy replaces the image's" mine --root image:good:1 -v "$tmp/volume:/data:ro" 'cat /data/file'
	image add "oci:$images/repeated"
	inside "a layer that is there twice counts where it is the last time" "top gone kept passwd" --root image:repeated:1 \
		'echo $(cat /etc/kept; ls /etc)'
	image add "oci:$images/many"
	inside "more layers than a policy can stack" "x 33" --root image:many:1 'cat /etc/29 | tr -d "\n"; echo " $(ls /etc | wc -l)"'
	image add "oci:$images/most"
	inside "... and more than one option of the kernel names" "x 39 old 33" --root image:most:1 \
		'cat /etc/29 | tr -d "\n"; echo "" $(ls /opaque; ls /etc | wc -l)'
	changeable
	run "${who_runs[@]}" "$isoctl" explain --verbose "$tmp/image.conf" -- true
	like "$label: explain names the image as the origin of a line" "$status $out" "0 *writable, in memory (mode=0755,size=64M)   # image:good:1:*"
	like "$label: ... also of a variable" "$out" $'*\n  environment  *FROM=*   # image:good:1:*'
	like "$label: ... but not of the command line's command" "$out" $'*\n  argument  *true\n*'
	like "$label: ... and the root by the image's name" "$out" "*reads    the root image:good:1 *"
	run "${who_runs[@]}" "$isoctl" why "$tmp/image.conf" read /etc/kept read /etc/none
	like "$label: why says of files whether the root has them" "$status $out" \
		"1 *because  /etc/kept is a file of the root*because  /etc/none does not exist in the root*"
	run "${who_runs[@]}" "$isorun" --root image:good:7 true
	is "$label: an image that is not there is an error" "$status $err" \
		"125 isorun: --root: RootDirectory=: no image good:7 in $store; there is good:1 (isoctl image add takes one)"
	held --name image-test-"$label"
	[ "$label" = user ] || held --hand-over
}

# Starts an instance, compares it with its plan, and reads what image and policy it has: $world.
world() { # name, options...
	local pid
	"${who_runs[@]}" "$isorun" --quiet --name "$@" sleep 7655 </dev/null &
	pid=$!
	await runs '^sleep 7655$'
	verified "$1"
	run "${who[@]}" "$isoctl" status --json "$1"
	world=$(python3 -c 'import json, sys; s = json.load(sys.stdin)[0]; print(s["image"], s["policy_digest"])' <<<"$out")
	run "${who[@]}" "$isoctl" status "$1"
	no_refusal like "$label: ... as text, too" "$out" "*  image *${world% *}*  policy digest *${world#* }*"
	if [ "$label" = user ]; then
		run "$isoctl" status "$TH_USER/$1"
		no_refusal is "$label: ... not to root, because the user could write anything" \
			"$status $(grep -c "  command  .*sleep 7655" <<<"$out") $(grep -E "  (image|policy digest) " <<<"$out")" "0 1 "
		run "$isoctl" status --json "$TH_USER/$1"
		no_refusal is "$label: ... nor as JSON" "$status $(grep -cE '"(image|policy_digest)": null' <<<"$out")" "0 2"
	fi
	kill "$pid"
	wait "$pid"
	await gone '^sleep 7655$'
}

# A layer in memory for what is written.
changeable() {
	local first world script='[ -d /opaque ] || exit; rm /etc/kept; rm -r /opaque; mkdir /opaque; echo x >/opaque/x; echo y >>/etc/passwd; echo $(ls /opaque /etc; tail -n1 /etc/passwd)'
	inside "a layer in memory takes what is written" "/etc: passwd /opaque: x y" --root image:good:1:overlay "$script"
	inside "... also over many layers" "/etc: $(seq -s ' ' 0 29 | xargs -n1 | sort | xargs) gone passwd /opaque: x y" \
		--root image:most:1:overlay "$script"
	[ "$label" = user ] || inside "... also without a user namespace" "/etc: passwd /opaque: x y" \
		--root image:good:1:overlay -p PrivateUsers=no "$script"
	inside "... and no more than size= allows" "no 131072" --root image:good:1:overlay,size=128K \
		'[ -d /opaque ] || exit; cat /bin/busybox >/work/x 2>/dev/null || echo no $(stat -c %s /work/x)'
	# promise P51
	is "$label: ... and no layer has changed by it" "$("${who_runs[@]}" "$isoctl" image verify 2>&1; echo $?)" 0
	run "${who_runs[@]}" "$isorun" --dry-run --verbose --root image:good:1:overlay true
	like "$label: the plan says so" "$out" "*  /  *writable */root*, writes stay in memory (size=64M)*"
	image add "oci:$images/good:1" again
	world image-overlay --root image:good:1:overlay
	first=$world
	like "$label: status shows the digests of image and policy" "$first" "sha256:???????????????????????????????????????????????????????????????? sha256:*"
	world image-again --root image:again:overlay
	also is "$label: ... the same for another name of the same image" "$world" "${first:-no digests}"
	world image-other --root image:again
	also unlike "$label: ... and another one for another policy" "${world#* }" "${first#* }"
	also is "$label: ... with the same image" "${world% *}" "${first% *}"
	world image-allows --root image:again -p SystemCallFilter=sync
	first=$world
	world image-denies --root image:again -p "SystemCallFilter=~sync"
	also unlike "$label: ... and for the opposite of a line" "${world#* }" "${first#* }"
	image rm again
	run "${who_runs[@]}" "$isorun" --root image:good:1:overlay,size=x true
	like "$label: a layer with a size that is none is an error" "$status $err" "125 isorun: --root: *not a size greater than 0*"
}

# An image that a running instance uses stays, and goes afterwards.
held() { # options: also of a service that isorun hands over to the reaper
	local handed=no
	if [ "$1" = --hand-over ]; then
		handed=yes
		systemd-run --quiet --unit=isorun-image-test -p Type=notify -p NotifyAccess=main \
			"$isorun" --hand-over --notify=exec --root image:good:1 sleep 7654
	else
		"${who_runs[@]}" "$isorun" --quiet "$@" --root image:good:1 sleep 7654 </dev/null &
		pid=$!
	fi
	await runs '^sleep 7654$'
	if [ "$handed" = no ]; then
		verified "image-test-$label"
		nsenter -t "$(first_pid '^sleep 7654$')" -m -- /bin/busybox mount -o bind /opaque /etc
		run "${who[@]}" "$isoctl" verify --quiet --no-legend "image-test-$label"
		no_refusal like "$label: ... but another directory in place of one of the image" "$status $out" \
			"1 *broken /etc *a mount that the plan does not have: /opaque *"
	fi
	image rm good:1
	like "$label: rm keeps the files that an instance uses (handed over: $handed)" "$status $err" "0 *are in use are kept: 1 *"
	# promise P51
	is "$label: ... and they are still there" "$(files_in "$store/images" | wc -l)" 4
	if [ "$handed" = yes ]; then
		systemctl stop isorun-image-test
	else
		kill "$pid"
		wait "$pid"
	fi
	await gone '^sleep 7654$'
	eventually gone_image
	is "$label: ... and gc removes them afterwards" "$status $(files_in "$store/images" | wc -l)" "0 3"
	image add "oci:$images/good"
}
gone_image() { image gc && [ "$(files_in "$store/images" | wc -l)" = 3 ]; }

# An image of two layers that umoci has made, as a root and as a bundle; and what umoci has unpacked is what isoctl has.
by_umoci() {
	local where=$store_place/umoci
	if [ -z "${TEST_FULL-}" ] || ! command -v umoci >/dev/null; then
		skip "an image made by umoci" "only tests/check --full, with umoci"
		return
	fi
	mkdir "$where"
	{
		umoci init --layout "$where/image" && umoci new --image "$where/image:1" &&
			umoci unpack --image "$where/image:1" "$where/first" && mkdir -p "$where"/first/rootfs/{bin,proc,dev,etc,old} &&
			cp /bin/busybox "$where/first/rootfs/bin/" && ln -s busybox "$where/first/rootfs/bin/sh" &&
			echo old >"$where/first/rootfs/old/gone" && umoci repack --refresh-bundle --image "$where/image:1" "$where/first" &&
			rm -r "$where/first/rootfs/old" && echo new >"$where/first/rootfs/etc/new" &&
			umoci repack --image "$where/image:1" "$where/first" &&
			umoci config --image "$where/image:1" --config.cmd /bin/sh --config.cmd -c --config.cmd 'echo "from $MAKER"' \
				--config.env MAKER=umoci && umoci unpack --image "$where/image:1" "$where/bundle"
	} >"$tmp/umoci" 2>&1
	no_isorun is "umoci makes an image" $? 0
	run "$isoctl" image add "oci:$where/image:1" umoci
	run "$isorun" --quiet --root image:umoci
	is "umoci: the image's command runs" "$status $out" "0 from umoci"
	run "$isorun" --quiet --root image:umoci -- /bin/busybox find /bin /etc /old -type f
	is "umoci: the image has the files of umoci's bundle" "$(grep -e ^/bin -e ^/etc/new -e ^/old <<<"$out" | sort | xargs)" \
		"$(cd "$where/bundle/rootfs" && find . -type f -printf '/%P\n' | sort | xargs)"
	sed -i 's/"terminal": true/"terminal": false/' "$where/bundle/config.json"
	run "$build/src/isorun-oci" --root "$tmp/umoci-state" run --bundle "$where/bundle" umoci-test
	is "umoci: the bundle's command runs" "$status $out" "0 from umoci"
	"$isoctl" image rm umoci
}

# Ids that files keep, and the user of the image's config. The user has subordinate ids now: ids are 1 less than on disk,
# and root's are the user's.
users() {
	local note=" [no isorun]"
	local own first=0 layer before name notice=
	own=$(id -u "$owner")
	[ "$label" = root ] || first=$(($(first_subuid "$TH_USER") - 1))
	name=$(getent passwd 33 | cut -d: -f1)
	if [ "$label" = root ] && [ "$name" ]; then
		notice="notice: the program of the image has the id 33, which is $name on this machine: it may do what $name may with the files of volumes (User= sets another id)"
	fi
	image add "oci:$images/users"
	is "$label: an image with files of several users" "$status ${out%% *}$err" "0 users:1${notice:+isoctl: $notice}"
	image show users:1
	like "$label: show has the user" "$out" $'*\nUser: app\n*'
	layer=$store/layers/$(sed -n 's/^Layer: sha256://p' <<<"$out" | tail -n1)/root
	is "$label: its files keep their ids" "$(cd "$layer" && stat -c %u:%g srv/root srv/app srv/app/secret | xargs)" \
		"$own:$(id -g "$owner") $((first + 33)):$((first + 33)) $((first + 33)):$((first + 33))"
	is "$label: ... also a symlink, and not what it leads to" "$(stat -c %u:%g "$layer/srv/link")" "$((first + 33)):$((first + 33))"
	is "$label: set-user-ID bits are only in root's store" "$(stat -c %a "$layer/srv/suid")" "$([ "$label" = root ] && echo 4755 || echo 755)"
	if [ "$notice" ]; then
		run "$isorun" --root image:users:1 true
		no_refusal like "root: a start says whose id that is on this machine" "$status $err" \
			"0 isorun: notice: image:users:1:*: User=: ${notice#notice: }*"
		run "$isorun" --root image:users:1 -p User=33 true
		no_refusal is "root: ... unless the policy chooses it" "$status $(grep -c "which is $name" <<<"$err")" "0 0"
	fi
	run "${who[@]}" "${home[@]}" "$isorun" --quiet --root image:users:1
	# promise P63
	refusal is "$label: the image's user is that of its /etc/passwd, with that one's group, home and files" "$status $out" \
		$'0 33\n44\n/srv/app\nof app'
	refusal inside "another user of the policy has nothing of the image's" "5 5 0 33 no no" --root image:users:1 -p User=5 -p Group=5 \
		'echo $(id -u; id -g; stat -c %u /srv/root /srv/app; cat /srv/app/secret 2>/dev/null || echo no; cat /srv/root 2>/dev/null || echo no)'
	# promise P63
	refusal inside "a group of the policy does not make it root" "33 5" --root image:users:1 -p Group=5 'echo $(id -u; id -g)'
	refusal inside "... also in a layer in memory, which keeps them, too" "33 changed" --root image:users:1:overlay \
		'echo changed >/srv/app/secret; echo $(stat -c %u /srv/app/secret; cat /srv/app/secret)'
	image verify
	is "$label: verify reads files that only their owner may read" "$status $out$err" "0 "
	"${who[@]}" "${home[@]}" "$isorun" --quiet --name image-ids-"$label" --root image:users:1 sleep 7656 </dev/null &
	pid=$!
	await runs '^sleep 7656$'
	verified "image-ids-$label"
	no_refusal is "$label: on this machine, it has the id that its files have" \
		"$(stat -c %u "/proc/$(first_pid '^sleep 7656$')")" "$((first + 33))"
	run "${who[@]}" "$isoctl" enter "image-ids-$label" /bin/sh -c 'id -u; cat /srv/app/secret'
	no_refusal is "$label: ... also of who enters" "$status $out" $'0 33\nof app'
	kill "$pid"
	wait "$pid"
	await gone '^sleep 7656$'
	image add "oci:$images/groups"
	refusal inside "a group by its name" "33 50" --root image:groups:1 'echo $(id -u; id -g)'
	before=$(stored)
	refuses "a user that its /etc/passwd does not have" "the image's User is \"none\", and its /etc/passwd does not have this user" "oci:$images/nobody"
	refuses "a group that its /etc/group does not have" "the image's User is \"app:none\", and its /etc/group does not have this group" "oci:$images/nogroup"
	[ "$label" = root ] || subordinate
	image rm users:1 groups:1
	is "$label: rm removes files of all these users" "$status $err$(files_in "$store/layers")" "0 "
}

# What only a user's store can be.
subordinate() {
	refuses "an id that the user does not have" "*x: it belongs to uid 70000, and your subordinate ids are enough for 0 to 65536 *" "oci:$images/high"
	refused_root "*: User=: the image's user exists only with PrivateUsers=subordinate*" -p PrivateUsers=self
	refused_root "-p: PrivateUsers=: the files of image:users:1 have the ids of \"subordinate\"*" -p PrivateUsers=full
	refusal inside "root of the image is the user" "0 of root no 0" --root image:users:1 -p User=root \
		'echo $(id -u; cat /srv/root; cat /srv/app/secret 2>/dev/null || echo no; grep CapEff: /proc/self/status | tr -dc 1-9; echo 0)'
	# As an add leaves it that is killed.
	cp -a "$store/layers/$(files_in "$store/layers" | tail -n1)" "$store/layers/.new"
	image gc
	is "$label: gc removes what a killed add has left of all users" "$status $err$(find "$store" -name .new)" "0 "
	ids_of_user "$TH_USER:400000:65536"
	for action in "add oci:$images/plain" verify gc; do
		# shellcheck disable=SC2086
		image $action
		# promise P63
		like "$label: with other subordinate ids than those of the store, ${action%% *} is an error" "$status $err" \
			"125 isoctl: the files in $store belong to other subordinate ids *"
	done
	refused_root "*: PrivateUsers=: the files in $store belong to other subordinate ids *"
	ids_of_user ""
	image verify
	like "$label: ... and so it is without any" "$status $err" "125 isoctl: the files in $store belong to subordinate ids, *: $TH_USER has no subordinate ids in /etc/subuid *"
	umount /etc/subuid /etc/subgid
}

refused_root() { # pattern of the error, options...
	run "${who[@]}" "${home[@]}" "$isorun" --root image:users:1 "${@:2}" true
	# promise P63
	refusal like "$label: a start is refused: ${*:2}" "$status $err" "125 isorun: $1"
}

# A store that is made without subordinate ids: the image's user is not used, and files are the user's.
without() {
	local note=" [no isorun]"
	image add "oci:$images/users"
	like "$label: without subordinate ids, an image's user is not used" "$status $err" \
		"0 *User is not used: \"app\" (all files of the image are yours*"
	# promise P63
	refusal inside "... and the program is the user, not root" "$(id -u "$TH_USER") of root of app" --root image:users:1 \
		'echo $(id -u; cat /srv/root /srv/app/secret)'
	image show users:1
	like "$label: ... as show says" "$out" $'*\nUser: app (not used: the program and all files of the image are yours)\n*'
	ids_of_user "$TH_USER:400000:65536"
	image add "oci:$images/groups"
	# promise P63
	like "$label: ... also of an image that comes when the user has some" "$status $err" \
		"0 *files of other users than root are yours, too: the store has images from before you had subordinate ids*"
	ids_of_user ""
	image rm users:1 groups:1
}

# The subordinate ids of the user, in place of those of the machine.
ids_of_user() { # the only line of both files
	umount /etc/subuid /etc/subgid 2>/dev/null
	echo "$1" >"$tmp/subids"
	mount --bind "$tmp/subids" /etc/subuid
	mount --bind "$tmp/subids" /etc/subgid
}

printf '[Policy]\nBase=default\n[Sandbox]\nRootDirectory=image:good:1\n' >"$tmp/image.conf"
find_place
mkdir "$store_place/root"
# The machine's own store is not for tests.
mkdir -p /var/lib/isorun
mount --bind "$store_place/root" /var/lib/isorun
trap 'umount /var/lib/isorun; umount /etc/subuid /etc/subgid 2>/dev/null; rm -rf "$store_place"; finish $?' EXIT
both() {
	note=" [no isorun]"
	[ "$label" = root ] || ids_of_user ""
	adds
	note=
	roots
	image rm good:1 repeated:1 many:1 most:1
	if [ "$label" = root ]; then
		users
		return
	fi
	without
	umount /etc/subuid /etc/subgid
	if has_private_ids; then users; else skip "user: files keep their ids" "the user has no subordinate ids"; fi
}
as_everybody both
by_umoci
