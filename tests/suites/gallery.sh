#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The gallery: the policies for a purpose (docs/gallery.md). Under each of them the real program works, and three attacks
# fail. A program that is not installed is skipped; tests/packages-full has the large ones. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP the services would be put into this machine's systemd"
	exit 0
fi
install_isorun

# What an attack looks for: a secret that everybody may read on the host, a directory that everybody may write, and a
# process.
mkdir -p /etc/ssl/private
chmod 755 /etc/ssl/private
echo "the host's key" >/etc/ssl/private/gallery
chmod 644 /etc/ssl/private/gallery
drop=$tmp/drop
mkdir -m 1777 "$drop"
mkdir -p "$drop/http:/proxy.invalid"
echo through the proxy >"$drop/http:/proxy.invalid/file"
sleep 4713 &
mount -t tmpfs -o mode=700 tmpfs /root

there() { command -v "$1" >/dev/null; }

# Attacks print something if they succeed.
reads_key='cat /etc/ssl/private/gallery 2>/dev/null'
leaves_file="echo x 2>/dev/null >$drop/left && echo it has left a file"
sees_process="ps ax | grep '[s]leep 4713'"
runs_written='cp /bin/true /tmp/written && /tmp/written 2>/dev/null && echo it has run what it has written'
makes_socket="python3 -c 'import socket; socket.socket(socket.AF_INET)' 2>/dev/null && echo it has a socket"
reaches_host="python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 18099), 2)' 2>/dev/null && echo it has connected"
reads_home='cat "$H/.ssh/id" 2>/dev/null'

# The options of a gallery policy. Where nothing holds limits, they are optional.
policy() { # name, options...
	mode=(--policy "$1" -p "Optional=MemoryMax MemorySwapMax TasksMax CPUWeight" "${@:2}")
	verified_start
}

works() { # description, expected output, command...
	box "${@:3}"
	no_refusal is "$label: $1" "$status $out" "0 $2"
}

fails() { # description, attack
	shell "$1" "" "H=$home; $2"
}

# A project with a git repository, in the home of the current user.
make_project() {
	home=/root
	[ "$label" = root ] || home=$(getent passwd "$TH_USER" | cut -d: -f6)
	project=$home/project
	"${who[@]}" sh -c "mkdir -p '$project' '$home/.ssh' && echo secret >'$home/.ssh/id' && cd '$project' &&
		git init -q && git config user.email a@example && git config user.name a"
	cd "$project" || exit
}

in_project() { "${who[@]}" sh -c "cd '$project' && $1"; }

test_agent() {
	policy agent --here
	box sh -c 'git log; echo x >.git/index'
	like "$label: agent: .git is read-only while a file could be made that names another configuration" "$err" \
		"*.git/index: Read-only file system*"
	in_project 'touch .git/config.worktree; echo . >.git/commondir'
	works "agent: git commits" "1 file" sh -c \
		'echo text >file; git add file && git commit -qm one && git log --oneline | wc -l | tr "\n" " "; ls'
	no_refusal is "$label: ... for git outside, too" "$(in_project 'git log --format=%s; git status --short')" one
	"${who[@]}" mkdir -p "$home/agent"
	works "agent: it has a home in memory, and a cache of its own" "" --bind cache="$home/agent" sh -c 'touch ~/x ~/.cache/x'
	no_refusal is "$label: ... which stays" "$(cd "$home" && ls agent/x x 2>/dev/null)" agent/x
	# promise P43
	fails "agent: it makes no hook" 'echo x 2>/dev/null >.git/hooks/pre-commit; rm -rf .git/hooks 2>/dev/null; mv .git/hooks .git/h 2>/dev/null; ls .git/h .git/hooks/pre-commit 2>/dev/null'
	fails "agent: it changes no configuration" 'git config core.fsmonitor x 2>/dev/null; for f in config commondir config.worktree; do echo x 2>/dev/null >.git/$f; mv /tmp/x .git/$f 2>/dev/null; done; cat .git/config.worktree; grep -h x .git/commondir; grep fsmonitor .git/config'
	# promise P43
	fails "agent: it puts no other repository in its place" 'mv .git .gone 2>/dev/null && echo it has moved'
	fails "agent: it reads no key of the home" "$reads_home"
	test_sanitizer agent
}

# The search for leaks traces the program's own threads.
test_sanitizer() { # policy
	if is_sanitized; then
		skip "$label: $1: AddressSanitizer finds leaks" "its options are those for the sanitized isorun"
		return
	fi
	in_project 'echo "#include <stdlib.h>
		int main(int n, char **v) { volatile char *p = malloc(7); p[0] = 1; if (n == 1) free((void *) p); p = NULL; return 0; }" >san.c'
	works "$1: AddressSanitizer finds leaks, and nothing else" $'0\n1 7 byte(s) leaked in 1 allocation(s).' sh -c \
		'cc -fsanitize=address -o san san.c && ./san; echo $?; ./san leak 2>err; echo $? $(sed -n "s/.*SUMMARY: AddressSanitizer: //p" err)'
	fails "$1: it traces no process of isorun" 'python3 -c "import ctypes; print(ctypes.CDLL(None).ptrace(0x4206, 1, 0, 0))" | grep -v -- -1'
	in_project 'rm -f san san.c err'
}

# What all builds have in common.
test_build() { # policy
	fails "$1: it reads no key of the home" "$reads_home"
	fails "$1: it reaches no server of the host" "$reaches_host"
	fails "$1: it changes no configuration of git" 'echo x 2>/dev/null >>.git/config && echo it has written; mv .git .gone 2>/dev/null && echo it has moved'
}

test_builds() {
	policy build-c --here
	in_project 'echo "int main(void) { return 7; }" >seven.c'
	works "build-c: make builds a program" "7" sh -c 'make -s seven && ./seven; echo $?; rm seven*'
	test_sanitizer build-c
	test_build build-c
	test_other_builds

	test_python
	test_build build-python
}

# Other programs that build, under build-c. A program that is not installed is skipped.
builds() { # program, expected output, script
	if there "$1"; then
		works "build-c: $1" "$2" sh -c "mkdir o && cd o && $3"
		in_project 'rm -rf o'
	else
		skip "$label: build-c: $1" "it is not installed"
	fi
}

test_other_builds() {
	builds meson "0 passed" "echo 'int main(void) { return 0; }' >a.c && printf \"project('x', 'c')\\ntest('x', executable('x', 'a.c'))\\n\" >meson.build &&
		meson setup b >/dev/null && meson compile -C b >/dev/null && meson test -C b >/dev/null; echo \$? passed"
	builds cmake 7 "echo 'int main(void) { return 7; }' >a.c && printf 'cmake_minimum_required(VERSION 3.10)\nproject(x C)\nadd_executable(x a.c)\n' >CMakeLists.txt &&
		cmake -B b >/dev/null && cmake --build b >/dev/null && b/x; echo \$?"
	builds perl 42 "mkdir lib && echo 'package Answer; our \$VERSION = 1; sub answer { 42 } 1;' >lib/Answer.pm &&
		echo 'use ExtUtils::MakeMaker; WriteMakefile(NAME => q(Answer), VERSION => 1);' >Makefile.PL &&
		perl Makefile.PL INSTALL_BASE=\$PWD/i >/dev/null && make install >/dev/null && perl -Ii/lib/perl5 -MAnswer -e 'print Answer::answer()'"
	builds gem 42 "mkdir lib && echo 'def answer = 42' >lib/answer.rb &&
		echo 'Gem::Specification.new { |s| s.name = %q(answer); s.version = %q(1); s.summary = %q(x); s.authors = [%q(x)]; s.files = [%q(lib/answer.rb)] }' >answer.gemspec &&
		gem build -q answer.gemspec >/dev/null 2>&1 && gem install -q --local --user-install --no-document answer-1.gem >/dev/null 2>&1 &&
		ruby -e 'require %q(answer); print answer'"
	builds pdflatex a.pdf "printf '\\\\documentclass{article}\\\\begin{document}\\\\tableofcontents\\\\section{A}\\\\end{document}' >a.tex &&
		pdflatex -interaction=batchmode a >/dev/null && ls *.pdf"
}

test_python() {
	local caller=("${who[@]}")
	policy build-python --here
	works "build-python: venv makes an environment, and its python runs processes" "$project/.venv [1, 2]" sh -c \
		'python3 -m venv --without-pip .venv && .venv/bin/python -c "import sys, multiprocessing as m; print(sys.prefix, m.Pool(2).map(abs, [-1, -2]))"'
	who+=(env PIP_INDEX_URL=http://127.0.0.1:18099/pip)
	works "... pip installs from an index with --net" 42 --net sh -c \
		'.venv/bin/python "$(echo /usr/share/python-wheels/pip-*.whl)/pip" -q install gallery-dep && .venv/bin/python -c "import gallery_dep; print(gallery_dep.answer)"'
	who=("${caller[@]}")
}

test_node() {
	policy build-node --here
	if ! there npm; then
		skip "$label: build-node" "there is no npm"
		return
	fi
	test_npm_ci
	in_project 'mkdir -p dep && echo "{\"name\": \"dep\", \"version\": \"1.0.0\"}" >dep/package.json &&
		echo "{\"name\": \"x\", \"scripts\": {\"test\": \"node -p 6*7\"}, \"dependencies\": {\"dep\": \"file:dep\"}}" >package.json'
	works "build-node: npm installs and tests" 42 sh -c 'npm install --silent --offline --no-audit --no-fund && npm test --silent'
	test_build build-node
}

# From a registry, and then from the cache.
test_npm_ci() {
	local answer='npm ci --silent --no-audit --no-fund && node -p "require(\"gallery-dep\")"'
	in_project "mkdir -p ../npm && cp '$drop/npm/package-lock.json' . &&
		echo '{\"name\": \"x\", \"dependencies\": {\"gallery-dep\": \"1.0.0\"}}' >package.json"
	works "build-node: npm ci installs from a registry with --net" 42 --net --bind cache="$home/npm" sh -c "$answer"
	works "... and without it from a cache that the policy keeps" 42 --bind cache="$home/npm" sh -c \
		"rm -r node_modules && npm_config_offline=true && export npm_config_offline && $answer"
	in_project 'rm -r node_modules package-lock.json ../npm'
}

test_rust() {
	policy build-rust --here
	in_project 'mkdir -p ../.rustup ../.cargo/bin && echo toolchain >../.rustup/toolchain && echo token >../.cargo/credentials.toml'
	works "build-rust: rustup's toolchains are seen" toolchain cat "$home/.rustup/toolchain"
	fails "build-rust: it reads no login" 'cat "$H/.cargo/credentials.toml" 2>/dev/null'
	in_project 'rm -r ../.rustup ../.cargo'
	test_build build-rust
	if ! there cargo; then
		skip "$label: build-rust" "there is no cargo"
		return
	fi
	in_project 'mkdir -p src dep/src
		printf "[package]\nname = \"answer\"\nversion = \"0.1.0\"\n[dependencies]\ndep = { path = \"dep\" }\n" >Cargo.toml
		printf "[package]\nname = \"dep\"\nversion = \"0.1.0\"\n" >dep/Cargo.toml
		echo "pub fn answer() -> i32 { 42 }" >dep/src/lib.rs
		echo "fn main() { println!(\"{}\", dep::answer()); }" >src/main.rs'
	works "build-rust: cargo builds a program" 42 sh -c 'cargo -q build && ./target/debug/answer'
	in_project 'rm -r Cargo.* src dep target'
}

test_go() {
	policy build-go --here
	if ! there go; then
		skip "$label: build-go" "there is no go"
		return
	fi
	in_project 'printf "module x\ngo 1.19\n" >go.mod; printf "package main\nfunc main() { print(42) }\n" >main.go'
	works "build-go: go builds" "" go build -o program .
	box ./program
	no_refusal is "$label: ... a program that runs" "$status $err" "0 42"
	test_build build-go
}

test_ghostscript() {
	if ! there gs; then
		skip "$label: convert: Ghostscript" "there is no gs"
		return
	fi
	works "convert: Ghostscript makes an image" "page.png" sh -c \
		'gs -q -dSAFER -dBATCH -dNOPAUSE -r10 -sDEVICE=png16m -sOutputFile=page.png page.ps && ls page.png'
}

test_imagemagick() {
	if ! there identify; then
		skip "$label: convert: ImageMagick" "there is no imagemagick"
		return
	fi
	works "convert: ImageMagick changes a format" "image.png PNG 20x10" sh -c \
		'/usr/bin/convert image.ppm -scale 20x10 image.png && identify -format "%f %m %wx%h" image.png'
}

test_ffmpeg() {
	if ! there ffmpeg; then
		skip "$label: convert: ffmpeg" "there is no ffmpeg"
		return
	fi
	works "convert: ffmpeg changes a format" "12" sh -c \
		'ffmpeg -v error -y -f lavfi -i testsrc=d=0.5:s=32x32:r=24 in.avi && ffmpeg -v error -y -i in.avi out.webm &&
		ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 out.webm'
	also no_refusal is "$label: ... without a warning about memory" "$err" ""
}

test_convert() {
	policy convert --here
	in_project 'printf "P3 2 1 255 255 0 0 0 0 255\n" >image.ppm; printf "%%!PS\nshowpage\n" >page.ps'
	test_ghostscript
	test_imagemagick
	test_ffmpeg
	fails "convert: it runs nothing that it has written" "$runs_written"
	fails "convert: it makes no socket" "$makes_socket"
	fails "convert: it reads no key of the home" "$reads_home"
}

test_browser() {
	policy browser
	if ! there chromium; then
		skip "$label: browser" "there is no chromium"
		return
	fi
	works "browser: chromium runs a page" "<html><head><script>document.write(6*7)</script></head><body>42</body></html>" \
		chromium --headless --no-sandbox --disable-gpu --dump-dom 'data:text/html,<script>document.write(6*7)</script>'
	fails "browser: it reads no key of the home" "$reads_home"
	fails "browser: it sees no process of the host" "$sees_process"
	fails "browser: it leaves no file" "$leaves_file"
}

# The server of $drop also answers as a proxy: it has a file for this address, which is no address of a host.
test_proxy() {
	local caller=("${who[@]}") option
	who+=(env http_proxy=http://127.0.0.1:18099 "SSL_CERT_FILE=$project/ca.pem")
	in_project 'echo certificate >ca.pem'
	for option in "client -c localhost:18099" agent "build-python --net" "build-node --net" "build-go --net" "build-rust --net"; do
		# shellcheck disable=SC2086
		policy $option
		works "${option%% *}: it uses the caller's proxy, and its certificates if they are shown" "through the proxy certificate" \
			-v "$project/ca.pem:ro" -C / sh -c 'echo $(curl -s http://proxy.invalid/file; cat "$SSL_CERT_FILE")'
	done
	who=("${caller[@]}")
}

tools() {
	make_project
	test_agent
	test_proxy
	test_builds
	test_node
	test_go
	test_rust
	test_convert
	test_browser
	cd /
	rm -rf "$project" "$home/.ssh/id" "$home/agent"
}

# The services, of root, by the template that is shipped.
units=/run/systemd/system
drop_in() { # policy, lines
	mkdir -p "/etc/isorun/policies/$1.conf.d"
	printf '[Policy]\nOptional=MemoryMax MemorySwapMax TasksMax\n%s\n' "${2-}" >"/etc/isorun/policies/$1.conf.d/test.conf"
}

start() { # policy
	ctl start "isorun@$1.service"
}

stop() { # policy
	ctl stop "isorun@$1.service"
	also no_refusal is "root: $1: it stops" "$(ctl show -P Result -P ActiveState "isorun@$1.service" | paste -sd' ')" "success inactive"
}

# Attacks from inside the running service.
attack() { # policy, description, attack
	run "$isoctl" enter "isorun@$1.service" sh -c "$(to_end "$3")"
	label=root is_reached "$1: $2" ""
}

asked() { # answer, command...
	[ "$("${@:2}" 2>/dev/null)" = "$1" ]
}

test_redis() {
	mkdir -p /var/lib/redis
	chown redis:redis /var/lib/redis
	drop_in redis
	start redis
	no_refusal ok "root: redis: it answers" eventually asked PONG redis-cli ping
	no_refusal is "root: ... and saves" "$(redis-cli set a b; redis-cli save; ls /var/lib/redis)" $'OK\nOK\ndump.rdb'
	attack redis "it runs nothing that it has written" "$runs_written"
	attack redis "it leaves no file" "$leaves_file"
	attack redis "it reads no key of the host" "$reads_key"
	stop redis
}

ask_postgres() { # programs
	PGCONNECT_TIMEOUT=2 timeout 5 setpriv --reuid postgres "$1/psql" -h /run/postgresql -XAtc 'SELECT 6*7' postgres
}
test_postgres() {
	local programs data=/var/lib/postgresql/gallery
	programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1)
	install -d -o postgres -g postgres /var/lib/postgresql /run/postgresql
	(cd / && setpriv --reuid postgres --regid postgres --init-groups "$programs/initdb" --no-sync -A trust -D $data >/dev/null 2>&1)
	drop_in postgres "ExecStart=$programs/postgres -D $data"
	start postgres
	no_refusal ok "root: postgres: it answers" eventually asked 42 ask_postgres "$programs"
	attack postgres "it sees no process of the host" "$sees_process"
	attack postgres "it reaches no server of the host" "$reaches_host"
	attack postgres "it reads no key of the host" "$reads_key"
	stop postgres
}

test_nginx() {
	mkdir -p /var/www/html
	echo hello >/var/www/html/gallery.html
	drop_in nginx-static
	start nginx-static
	no_refusal ok "root: nginx-static: the host's nginx answers on port 80" eventually asked hello curl -s http://127.0.0.1/gallery.html
	attack nginx-static "it changes no page" 'echo x 2>/dev/null >/var/www/html/gallery.html && echo it has written'
	attack nginx-static "it runs nothing that it has written" "$runs_written"
	attack nginx-static "it reads no key of the host" "$reads_key"
	stop nginx-static
}

test_php() {
	local php
	php=$(printf '%s\n' /usr/sbin/php-fpm[0-9]* | tail -n1)
	if [ ! -x "$php" ]; then
		skip "root: php-fpm" "there is no php-fpm"
		return
	fi
	install -d -o www-data -g www-data /run/php
	echo '<?php echo 6*7;' >/var/www/html/gallery.php
	drop_in php-fpm "ExecStart=$php --nodaemonize --fpm-config /etc/php/${php#*php-fpm}/fpm/php-fpm.conf"
	start php-fpm
	no_refusal ok "root: php-fpm: it runs a page" eventually asked 42 ask_php "/run/php/php${php#*php-fpm}-fpm.sock" /var/www/html/gallery.php
	attack php-fpm "it changes no page" 'echo x 2>/dev/null >/var/www/html/gallery.php && echo it has written'
	attack php-fpm "it runs nothing that it has written" "$runs_written"
	attack php-fpm "it reaches no server of the host" "$reaches_host"
	stop php-fpm
}

# A client of FastCGI, in as few records as possible.
ask_php() { # socket, script
	timeout 5 python3 - "$@" <<-'PYTHON'
		import socket, struct, sys
		def record(kind, body):
		    return struct.pack("!BBHHBB", 1, kind, 1, len(body), 0, 0) + body
		params = {"SCRIPT_FILENAME": sys.argv[2], "REQUEST_METHOD": "GET"}
		packed = b"".join(bytes([len(k), len(v)]) + k.encode() + v.encode() for k, v in params.items())
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(record(1, struct.pack("!HB5x", 1, 0)) + record(4, packed) + record(4, b"") + record(5, b""))
		answer = s.makefile("rb")
		kind, length, padding = struct.unpack("!xBxxHBx", answer.read(8))
		print(answer.read(length).split(b"\r\n\r\n")[1].decode())
	PYTHON
}

test_sshd() {
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
	[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
	mkdir -p /etc/ssh/authorized_keys
	cp "$tmp/key.pub" "/etc/ssh/authorized_keys/$TH_USER"
	chmod 644 "/etc/ssh/authorized_keys/$TH_USER"
	drop_in sshd
	printf '[Socket]\nListenStream=127.0.0.1:2222\nAccept=yes\n' >$units/gallery-ssh.socket
	printf '[Service]\nExecStart=-/usr/bin/isorun --quiet --policy sshd\nStandardInput=socket\nStandardError=journal\n' >$units/gallery-ssh@.service
	ctl daemon-reload
	ctl start gallery-ssh.socket
	no_refusal ok "root: sshd: a user logs in" eventually asked "$TH_USER" ssh_to id -un
	ssh_attack "it sees no process of the host" "$sees_process"
	ssh_attack "it reaches no server of the host" "$reaches_host"
	ssh_attack "it reads no key of the host" "$reads_key"
	mode=(-p "Optional=MemoryMax MemorySwapMax TasksMax" -c 127.0.0.1:2222)
	as_everybody test_git_ssh
	label=root who=()
	ctl stop gallery-ssh.socket
	rm -r $units/gallery-ssh* /etc/ssh/authorized_keys
	ctl daemon-reload
}
# git as a client, with root's files in /etc/ssh/ssh_config.d. The server is the sandbox of policy sshd.
test_git_ssh() {
	local key=$tmp/key-$label
	install -m 600 -o "$([ "$label" = root ] && echo root || echo "$TH_USER")" "$tmp/key" "$key"
	mount -t tmpfs tmpfs /srv
	git init -q --bare /srv/sftp/project
	chown -R "$TH_USER" /srv/sftp
	echo "Compression no" >/etc/ssh/ssh_config.d/gallery.conf
	no_refusal prints "git over ssh clones, commits and pushes" pushed -v "$key:ro" \
		-E GIT_SSH_COMMAND="ssh -p 2222 -i $key -o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR" sh -c "cd /tmp &&
			git clone -q $TH_USER@127.0.0.1:/srv/sftp/project 2>/dev/null && cd project &&
			git -c user.name=a -c user.email=a@example commit -q --allow-empty -m 'of $label' && git push -q && echo pushed"
	also is "$label: ... to the repository outside" "$(git -c safe.directory='*' -C /srv/sftp/project log --format=%s)" "of $label"
	rm /etc/ssh/ssh_config.d/gallery.conf
	umount /srv
}
ssh_to() {
	timeout 10 ssh -F none -p 2222 -i "$tmp/key" -o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR \
		-o UserKnownHostsFile="$tmp/known" -o IdentitiesOnly=yes "$TH_USER@127.0.0.1" "$@"
}
ssh_attack() { # description, attack
	run ssh_to "$(to_end "$2")"
	label=root is_reached "sshd: $1" ""
}

# A package of Python and one of Node, on the server as an index and a registry have them.
python3 - "$drop" <<'PYTHON'
import base64, hashlib, io, json, os, sys, tarfile, zipfile
os.chdir(sys.argv[1])
os.makedirs("pip/gallery-dep")
os.mkdir("npm")
with zipfile.ZipFile("pip/gallery-dep/gallery_dep-1.0.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("gallery_dep.py", "answer = 42\n")
    info = "gallery_dep-1.0.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: gallery-dep\nVersion: 1.0.0\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "RECORD", "".join(name + ",,\n" for name in wheel.namelist()))
package = {"name": "gallery-dep", "version": "1.0.0", "main": "index.js"}
with tarfile.open("npm/gallery-dep-1.0.0.tgz", "w:gz") as tar:
    for name, text in ("package.json", json.dumps(package)), ("index.js", "module.exports = 42\n"):
        member = tarfile.TarInfo("package/" + name)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
digest = hashlib.sha512(open("npm/gallery-dep-1.0.0.tgz", "rb").read()).digest()
lock = {"version": "1.0.0", "resolved": "http://127.0.0.1:18099/npm/gallery-dep-1.0.0.tgz",
        "integrity": "sha512-" + base64.b64encode(digest).decode()}
json.dump({"name": "x", "lockfileVersion": 3, "requires": True, "packages": {
    "": {"name": "x", "dependencies": {"gallery-dep": "1.0.0"}}, "node_modules/gallery-dep": lock}},
    open("npm/package-lock.json", "w"))
PYTHON
python3 -m http.server -b 127.0.0.1 -d "$drop" 18099 >/dev/null 2>&1 &
await asked 200 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18099/
for attack in reads_key leaves_file sees_process runs_written makes_socket reaches_host; do
	run sh -c "${!attack}"
	no_isorun unlike "outside of a sandbox, $attack" "$out" ""
done
as_everybody tools
who=() label=root mode=() units=/run/systemd/system
sed 's,@bindir@,/usr/bin,' "$build/units/system-isorun@.service" >$units/isorun@.service
cp "$top/units/isorun.slice" $units/
ctl daemon-reload
test_redis
test_postgres
test_nginx
test_php
test_sshd
rm -rf /etc/isorun/policies /etc/ssl/private/gallery
umount -l /root
