# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for isorun, isoctl and isorun-oci: `isoctl _complete` knows what can be said.

# Where in COMP_WORDS, which bash splits at "=" and ":", too, the word stands that is words[$1].
_isorun_raw_index() {
	local i word
	raw=0
	for ((i = 0; i < $1; i++)); do
		word=
		while [[ $word != "${words[i]}" && $raw -lt ${#COMP_WORDS[@]} ]]; do
			word+=${COMP_WORDS[raw++]}
		done
	done
}

# Files, directories (-d), behind the first $1 characters of the word.
_isorun_files() {
	local known=("${COMPREPLY[@]}") prefix=${cur:0:$1} cur=${cur:$1}
	COMPREPLY=()
	_filedir "${@:2}"
	COMPREPLY=("${known[@]}" "${COMPREPLY[@]/#/"$prefix"}")
}

_isorun() {
	local cur prev words cword line trim raw
	COMPREPLY=()
	_get_comp_words_by_ref -n =: cur prev words cword

	while IFS= read -r line; do
		case $line in
			$'\tfiles '*) _isorun_files "${line#*$'\tfiles '}" ;;
			$'\tdirectories '*) _isorun_files "${line#*$'\tdirectories '}" -d ;;
			$'\tcommand '*)
				_isorun_raw_index $((${line#*$'\tcommand '} + 1))
				_command_offset "$raw"
				return
				;;
			*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <(isoctl _complete "${1##*/}" "${words[@]:1:cword-1}" "$cur" 2>/dev/null)

	[[ ${COMPREPLY-} != *[=:] ]] || compopt -o nospace
	# What is replaced begins behind the last "=" or ":".
	trim=${cur%"${cur##*[=:]}"}
	COMPREPLY=("${COMPREPLY[@]#"$trim"}")
}

complete -F _isorun isorun isoctl isorun-oci
