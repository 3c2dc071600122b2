# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for isorun, isoctl and isorun-oci: `isoctl _complete` knows what can be said.

# Files, or directories, behind the first $argv[2] characters of the word.
function __isorun_paths
    set -l prefix (string sub -l $argv[2] -- $argv[3])
    set -l rest (string sub -s (math $argv[2] + 1) -- $argv[3])
    switch $argv[1]
        case files
            printf "$prefix%s\n" (__fish_complete_path "$rest")
        case directories
            printf "$prefix%s\n" (__fish_complete_directories "$rest")
    end
end

function __isorun_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '.*/' '' -- $words[1])
    for line in (isoctl _complete $program $words[2..-1] $current 2>/dev/null)
        set -l shell (string match -rg '^\t(\w+) (\d+)$' -- $line)
        switch "$shell[1]"
            case files directories
                __isorun_paths $shell $current
            case command
                set -l first (math $shell[2] + 2)
                complete -C (string join ' ' -- (string escape -- $words[$first..-1]) $current)
            case '*'
                echo $line
        end
    end
end

complete -c isorun -f -a '(__isorun_complete)'
complete -c isoctl -f -a '(__isorun_complete)'
complete -c isorun-oci -f -a '(__isorun_complete)'
