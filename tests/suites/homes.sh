#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines whose /home, /root or /tmp are symlinks, or whose homes are elsewhere. Needs a host that is made for the tests.
. "$(dirname "$0")/../lib.sh"
mode=(-p "Optional=MemoryMax TasksMax")

if [ "$(id -u)" != 0 ] || [ "${TESTHOST-real}" = real ]; then
	echo "1..0 # SKIP it makes homes and users"
	exit 0
fi

# A script that shows what it finds of these homes, and writes to the home that the sandbox has.
look() { echo "cat $(printf '%s/secret ' "$@") 2>/dev/null; cd /home && cd \$HOME && echo x >x && echo home"; }

# In /var, because /tmp is replaced. LINK=TARGET: an entry of the root directory; /DIR: an empty one. Then the script.
mkdir -p /var/test-homes
cat >/var/test-homes/machine <<'SH'
set -e
new=/var/test-homes/new
mkdir -p $new
mount -t tmpfs -o mode=755 none $new
declare -A made
while [ "$1" != -- ]; do
	made[${1%%=*}]=1
	if [ "${1%%=*}" = "$1" ]; then mkdir "$new$1"; else ln -s "${1#*=}" "$new${1%%=*}"; fi
	shift
done
for entry in /*; do
	if [ -n "${made[$entry]-}" ]; then continue
	elif [ -L "$entry" ]; then cp -P "$entry" $new
	elif [ -d "$entry" ]; then
		mkdir "$new$entry"
		mount --rbind "$entry" "$new$entry"
	fi
done
mkdir $new/old
cd $new
pivot_root . old
umount -l /old
rmdir /old
cd /
eval "$2"
shift 2
exec "$@"
SH

# Has the next checks run on such a machine.
machine() { # script, entries of the root directory...
	who=(unshare -m env SYSTEMD_IGNORE_CHROOT=1 bash /var/test-homes/machine "${@:2}" -- "$1")
	[ "$label" = root ] || who+=("$as_user")
}

secret() { # owner, directory
	mkdir -p "$2"
	echo "SECRET of $2" >"$2/secret"
	chmod 755 "$2"
	chown -R "$1" "$2"
}

test_links() {
	local data='mount --bind /var/test-homes/data /data'
	machine "" /home=/var/home
	no_isorun is "$label: /home is a link to /var/home" "$("${who[@]}" cat /home/alice/secret)" "SECRET of /var/home/alice"
	# promise P2
	shell "... it is hidden, and a home is there" "home" "$(look /home/alice /var/home/alice)"
	machine "$data" /home=/data/home /data
	# promise P2
	shell "/home is a link to /data/home" "home" "$(look /home/alice /data/home/alice)"
	machine "$data; mount --bind /data/links /home" /data
	# promise P2
	shell "homes in /home are links to /data" "home" "$(look /home/alice /data/alice)"
	no_refusal prints "... a volume shows one of them" "SECRET of /var/test-homes/data/alice" -v /data/alice:/data/alice:ro \
		cat /data/alice/secret
	no_refusal prints "... or the directory around them" "SECRET of /var/test-homes/data/alice" -v /data:/data:ro cat /data/alice/secret
	no_refusal prints "... and ProtectHome=no, too" "SECRET of /var/test-homes/data/alice" -p ProtectHome=no \
		cat /data/alice/secret
	machine "$data" /root=/data/root /data
	# promise P2
	shell "/root is a link to /data/root" "home" "$(look /root /data/root)"
	machine "" /tmp=/var/tmp
	shell "/tmp is a link to /var/tmp" "/var/tmp /var/tmp/x" 'echo x >/tmp/x; echo $(realpath /tmp) /var/tmp/*'
}

# Of the users that are made below, only carol is a person whose home is hers.
test_elsewhere() {
	local seen
	machine 'mount --bind /var/test-homes/elsewhere /data' /data
	for user in carol daemon2 shared; do
		seen=$("${who[@]}" cat "/data/$user/secret")
		no_isorun like "$label: the home of $user is not in /home" "$seen" "SECRET of */$user"
	done
	# promise P2
	shell "... a person's is hidden" "" 'cat /data/carol/secret 2>/dev/null'
	no_refusal prints "... that of a service is not" "SECRET of /var/test-homes/elsewhere/daemon2" cat /data/daemon2/secret
	no_refusal prints "... nor that of somebody else" "SECRET of /var/test-homes/elsewhere/shared" cat /data/shared/secret
	who+=(env "HOME=/data/own-$label")
	shell "the caller's \$HOME, wherever it is, is in memory" "/data/own-$label home" \
		'cat $HOME/secret 2>/dev/null; echo x >$HOME/x && echo $HOME home'
	also no_refusal ok "$label: ... and nothing is written to the host's" [ ! -e "/var/test-homes/elsewhere/own-$label/x" ]
	who[-1]=HOME=/tmp/home-$label/made
	shell "a \$HOME in /tmp is there, in memory, and the payload's own" "700 written" \
		'echo $(stat -c %a ~) $(echo x >~/x && echo written)'
	also no_refusal ok "$label: ... and is not made on the host" [ ! -e "/tmp/home-$label" ]
	who[-1]=HOME=/usr
	no_refusal prints "/usr is no home" ok sh -c 'ls /usr/bin >/dev/null && echo ok'
	who[-1]=HOME=/
	no_refusal prints "nor is /" ok sh -c 'ls /usr/bin >/dev/null && echo ok'
}

# Root can read it in any case.
test_unreadable() {
	[ "$label" = user ] || return 0
	who=("$as_user")
	chmod 600 /etc/passwd
	box true
	chmod 644 /etc/passwd
	like "$label: homes that cannot be looked up are not shown" "$status $err" \
		"125 isorun: cannot read /etc/passwd, which names the homes to hide: Permission denied"
}

# The user has root's $HOME then, and cannot enter it.
test_su() {
	[ "$label" = user ] || return 0
	mount -t tmpfs -o mode=700 tmpfs /root
	mkdir -p /root/.config/isorun/policies
	echo "[Policy]" >/root/.config/isorun/policies/theirs.conf
	who=(env -u XDG_CONFIG_HOME HOME=/root su -m -s /bin/sh "$TH_USER" -c 'exec "$@"' -- sh)
	no_isorun is "$label: su -m keeps root's HOME, which the user cannot read" \
		"$("${who[@]}" sh -c 'id -un; echo ~; ls ~ 2>&1 | sed "s/.*: //"')" "$TH_USER"$'\n/root\nPermission denied'
	also no_refusal prints "... a sandbox starts, and has a HOME there, in memory" "/root written" sh -c \
		'echo ~ $(echo x >~/x && echo written)'
	also is "$label: ... nothing is written to root's" "$(ls -A /root)" .config
	refused "... and no policies of root's" 'no policy "theirs" in /etc/isorun/policies, *' --policy theirs true
	umount /root
}

# sudo itself. Root then has the user's $HOME; or the user has root's.
test_sudo() {
	local of=/home/${TH_USER-} sudoers=/etc/sudoers.d/isorun-test who
	if [ -z "${TH_USER-}" ] || ! command -v sudo >/dev/null; then
		skip "$label: sudo -E" "there is no sudo, or no user"
		return
	fi
	echo "$TH_USER ALL=(ALL) NOPASSWD: ALL" >"$sudoers"
	chmod 440 "$sudoers"
	who=("$as_user" sudo -h localhost -E --)
	[ "$label" = root ] || who=(env -u XDG_CONFIG_HOME HOME=/root sudo -h localhost -E -u "$TH_USER" --) of=/root
	mount -t tmpfs -o mode=700 tmpfs "$of"
	mkdir -p "$of/.config/isorun/policies"
	echo "[Policy]" >"$of/.config/isorun/policies/theirs.conf"
	[ "$label" = user ] || chown -R "$TH_USER:" "$of"
	no_isorun is "$label: sudo -E keeps the HOME of another user" "$("${who[@]}" sh -c 'id -un; echo ~' 2>/dev/null)" \
		"$([ "$label" = root ] && echo root || echo "$TH_USER")"$'\n'"$of"
	also no_refusal prints "... a sandbox starts, and has a HOME there, in memory" "$of written" sh -c \
		'echo ~ $(echo x >~/x && echo written)'
	also is "$label: ... nothing is written to it on the host" "$(find "$of" -name x)" ""
	refused "... and no policies of another user" 'no policy "theirs" in /etc/isorun/policies*' --policy theirs true
	umount "$of"
	rm "$sudoers"
}

# The layout of nvm: versions of node in the home, one of which is first in PATH.
test_nvm() {
	local own=/var/test-homes/nvm-$label bin=.nvm/versions/node/v99.0.0/bin who
	if [ ! -x /usr/bin/node ]; then
		skip "$label: node of nvm" "there is no node"
		return
	fi
	mkdir -p "$own/$bin"
	cp /usr/bin/node "$own/$bin/node"
	[ "$label" = root ] || chown -R "$TH_USER:" "$own"
	machine "mkdir /data/me; mount --bind $own /data/me" /home=/data /data
	who+=(env HOME=/home/me "PATH=/home/me/$bin:/usr/bin:/bin")
	no_isorun is "$label: nvm's node is that of the caller" "$("${who[@]}" sh -c 'command -v node')" "/home/me/$bin/node"
	run "${who[@]}" "$isorun" "${mode[@]}" node -p 'process.execPath'
	no_refusal like "$label: ... it is hidden, and isorun says which one runs instead" "$status $out $err" \
		"0 /usr/bin/node *: /home/me/$bin/node is not visible in the sandbox; /usr/bin/node is executed instead*"
	no_refusal prints "... -v ~/.nvm shows it" "/data/me/$bin/node" -v /home/me/.nvm:ro node -p 'process.execPath'
	who[-1]=PATH=/home/me/$bin
	run "${who[@]}" "$isorun" "${mode[@]}" node -p 'process.execPath'
	no_refusal like "$label: ... and it alone is shown if there is no other" "$status $out $err" \
		"0 /*/me/$bin/node *: /home/me/$bin/node is not visible in the sandbox; only this file is added, *"
	rm -r "$own"
}

run_all() {
	test_links
	test_elsewhere
	test_su
	test_sudo
	test_nvm
	test_unreadable
	verified_start
}

secret nobody /var/home/alice
mkdir -p "/var/home/${TH_USER-}"
[ -z "${TH_USER-}" ] || chown "$TH_USER:" "/var/home/$TH_USER"
for name in data/home/alice data/alice elsewhere/own-user; do secret "${TH_USER:-nobody}" "/var/test-homes/$name"; done
mkdir -p "/var/test-homes/data/home/${TH_USER-}" /var/test-homes/data/links
secret root /var/test-homes/data/root
ln -s /data/alice /var/test-homes/data/links/alice
printf '%s\n' carol:x:4242:4242::/data/carol:/bin/sh daemon2:x:942:942::/data/daemon2:/bin/sh \
	shared:x:4243:4243::/data/shared:/bin/sh >>/etc/passwd
secret 4242 /var/test-homes/elsewhere/carol
secret 942 /var/test-homes/elsewhere/daemon2
secret root /var/test-homes/elsewhere/shared
secret root /var/test-homes/elsewhere/own-root
as_everybody run_all
