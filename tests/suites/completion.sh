#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shells' completion, by Tab in each shell, and what it is made of.
. "$(dirname "$0")/../lib.sh"

words() { "$isoctl" _complete "$@" | cut -f1; }
has() { # description, word, then what is typed
	local what=$1 word=$2
	shift 2
	ok "$what" grep -qxF -- "$word" <(words "$@")
}

# What the tables hold is offered, all of it and nothing else.
names=$(sed -nE 's/^(POLICY|SCOPE|SANDBOX)\(([A-Za-z]+),.*/\2=/p; s/^LIMIT\(([A-Z]+),.*/Limit\1=/p' \
	"$top/src/policy/directives.inc")
is "behind -p stand all directives and nothing else" "$(words isorun -p '')" "$names"
is "so they do with isoctl build" "$(words isoctl build -p '')" "$names"
: >"$tmp/wrong"
for name in $names; do
	for value in $(words isorun -p "$name" | grep -v '^$'); do
		case $value in
			*:) value+=/tmp/x ;;
			# Right in itself, but not for who starts it, or not alone.
			*=idle | RootDirectory=* | Optional=*) continue ;;
		esac
		printf '[%s]\n%s\n' "$(awk -v n="${name%=}" -F '[(,]' '$2 == n || "Limit" $2 == n {
			print $1 == "POLICY" ? "Policy" : $1 == "SCOPE" ? "Scope" : "Sandbox" }' \
			"$top/src/policy/directives.inc")" "$value" >>"$tmp/$name.conf"
	done
	[ ! -e "$tmp/$name.conf" ] || "$isoctl" check "$tmp/$name.conf" 2>&1 |
		grep -E ': (not |unknown|no such)' >>"$tmp/wrong"
done
is "each value that is offered is one that the parser takes" "$(cat "$tmp/wrong")" ""
while read -r option; do
	is "$option of isorun --help is offered" "$(words isorun "$option" | head -n1)" "$option"
done < <("$isorun" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
while read -r verb; do
	has "the verb $verb is offered" "$verb" isoctl ''
done < <("$isoctl" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
is "no other verb is" "$(words isoctl '')" "$("$isoctl" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')"

mkdir -p "$tmp/config/isorun/policies"
printf '[Policy]\nDescription=x\n' >"$tmp/config/isorun/policies/shop.conf"
export XDG_CONFIG_HOME=$tmp/config
has "a policy of the user's" shop isorun --policy s
has "behind --policy=, too" --policy=shop isorun --policy=s
is "the words of --notify" "$(words isorun --notify= | tr '\n' ' ')" "--notify=payload --notify=exec --notify=fork "
has "the built-in one" default isoctl explain d
has "an option of a verb" --no-legend isoctl list --no
has "an option of all verbs, behind one" --no-pager isoctl list --no
is "... with its help" "$("$isoctl" _complete isoctl list --no-p)" $'--no-pager\tdo not use a pager'
is "both words of --kill-whom" "$(words isoctl kill --kill-whom '' | tr '\n' ' ')" "all main "
has "a word beside the directories of --root" none isorun --root n
has "an option behind an argument" --kill isoctl revoke a b --
is "no option behind --" "$(words isoctl stop -- --no-b)" ""
is "a command's -- where there can be one" "$(words isoctl explain shop '' | tr '\n' ' ')" "-- "
is "nothing behind the last argument" "$(words isoctl revoke a b '')" ""
is "what comes behind the options is a command" "$("$isoctl" _complete isorun -p A=b --policy=x cat -)" $'\tcommand 3'
is "behind -- as well" "$("$isoctl" _complete isorun --quiet -- -)" $'\tcommand 2'
is "a command of a verb's" "$("$isoctl" _complete isoctl build --root / -- l)" $'\tcommand 4'
is "a path behind a key" "$("$isoctl" _complete isorun -p BindPaths=-/e)" $'\tfiles 11'
is "none behind a colon" "$("$isoctl" _complete isorun -v /srv:/)" ""

# isorun-oci. A container that is being made has no state.json yet.
isorun_oci=$build/src/isorun-oci
while read -r option; do
	is "$option of isorun-oci --help is offered" "$(words isorun-oci "$option" | head -n1)" "$option"
done < <("$isorun_oci" --help | grep -oE -- '--[a-z-]+')
is "the commands of isorun-oci --help are offered, and no others" "$(words isorun-oci --debug '')" \
	"$("$isorun_oci" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')"
container() { # directory of states, ID
	mkdir -m 700 "$1/$2"
	printf '{"ociVersion": "1.0.2", "bundle": "/srv/%s", "rootfs": "/", "created": "", "pid": 1, "started": 1}' "$2" \
		>"$1/$2/state.json"
}
mkdir -m 700 "$tmp/states" "$tmp/others"
container "$tmp/states" box-1
container "$tmp/states" box-2
container "$tmp/others" other
mkdir "$tmp/states/half"
is "the containers of --root, with what they are" "$("$isoctl" _complete isorun-oci --root "$tmp/states" state '')" \
	$'box-1\tstopped, /srv/box-1\nbox-2\tstopped, /srv/box-2'
is "... of the last one" "$(words isorun-oci --root "$tmp/states" --debug "--root=$tmp/others" delete -f '')" other
is "no container that exists for a new one" "$(words isorun-oci --root "$tmp/states" run '')" ""
has "a signal behind a container" SIGTERM isorun-oci kill box SIGT
is "a command in a container" "$("$isoctl" _complete isorun-oci --root /x exec -t box l)" $'\tcommand 5'
is "the directory of a bundle" "$("$isoctl" _complete isorun-oci create --bundle=/s)" $'\tdirectories 9'
is "the words of --format" "$(words isorun-oci list -f '' | tr '\n' ' ')" "table json "
run "$isoctl" _complete other x
is "an unknown command is refused" "$status" 125

# By Tab.
mkdir -p "$tmp/share/bash-completion/completions" "$tmp/share/fish/vendor_completions.d" "$tmp/share/zsh/vendor-completions"
for name in isorun isoctl isorun-oci; do
	cp "$top/completions/isorun.bash" "$tmp/share/bash-completion/completions/$name"
	cp "$top/completions/isorun.fish" "$tmp/share/fish/vendor_completions.d/$name.fish"
done
cp "$top/completions/_isorun" "$tmp/share/zsh/vendor-completions/"
mkdir -p "$tmp/here"
echo >"$tmp/here/other.conf"
export PATH=$build/src:$PATH
cd "$tmp/here" || exit

typed=() expected=()
tab() { # what is typed, what then stands there
	typed+=("$1"$'\t')
	expected+=("$2")
}
tab 'isorun --pol' 'isorun --policy '
tab 'isorun -p KillMo' 'isorun -p KillMode='
tab 'isorun -p KillMode=mi' 'isorun -p KillMode=mixed '
tab 'isorun --property=KillMode=mi' 'isorun --property=KillMode=mixed '
tab 'isorun -p SystemCallFilter=~@mou' 'isorun -p SystemCallFilter=~@mount '
tab 'isorun -p StandardOutput=app' 'isorun -p StandardOutput=append:'
tab 'isorun --policy sho' 'isorun --policy shop '
tab 'isorun --policy=sho' 'isorun --policy=shop '
tab 'isorun --policy ./oth' 'isorun --policy ./other.conf '
tab 'isorun --policy=./oth' 'isorun --policy=./other.conf '
tab "isorun -p BindPaths=$tmp/her" "isorun -p BindPaths=$tmp/here/"
tab "isorun --bind data=$tmp/her" "isorun --bind data=$tmp/here/"
tab "isorun --root $tmp/her" "isorun --root $tmp/here/"
tab 'isorun -p KillMode=mixed --policy shop whoa' 'isorun -p KillMode=mixed --policy shop whoami '
tab 'isorun -p KillMode=mixed -- cat ./oth' 'isorun -p KillMode=mixed -- cat ./other.conf '
tab 'isoctl sta' 'isoctl status '
tab 'isoctl list --no-l' 'isoctl list --no-legend '
tab 'isoctl explain sho' 'isoctl explain shop '
tab 'isoctl build --root / -- whoa' 'isoctl build --root / -- whoami '
tab "isorun-oci --root $tmp/others kil" "isorun-oci --root $tmp/others kill "
tab "isorun-oci --root=$tmp/others kill ot" "isorun-oci --root=$tmp/others kill other "
tab "isorun-oci --root $tmp/others exec other whoa" "isorun-oci --root $tmp/others exec other whoami "

for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null || { [ $shell = bash ] && [ ! -e /usr/share/bash-completion/bash_completion ]; }; then
		skip "$shell" "there is no $shell, or no completion of its own"
		continue
	fi
	timeout 300 "$top/tests/press-tab" $shell "$tmp/share" "${typed[@]}" \
		$'isoctl \t\t' $'isorun -p Memory\t\t' >"$tmp/pressed" 2>"$tmp/err"
	mapfile -t lines <"$tmp/pressed"
	err=$(cat "$tmp/err")
	for ((i = 0; i < ${#typed[@]}; i++)); do
		found=${lines[i]%%$'\t'*}
		is "$shell: ${typed[i]%$'\t'}" "${found//\\/}" "${expected[i]}"
	done
	list=${lines[i]#*$'\t'}
	like "$shell: the verbs are listed" "$list" "*enter*"
	like "$shell: the directives are listed" "${lines[i + 1]#*$'\t'}" "*High=*"
done
