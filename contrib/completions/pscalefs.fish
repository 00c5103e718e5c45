# SPDX-License-Identifier: MIT
#
# Completion of pscalefs for fish; installed as fish/vendor_completions.d/pscalefs.fish.

# The last word of a list for -o, after those that are there.
function __pscalefs_words
    set -l list (commandline -ct | string replace -r '^-o' '')
    set -l before (commandline -ct | string replace -r '[^,]*$' '')
    test -n "$before"; or test "$list" = (commandline -ct); or set before -o
    set -l last (string replace -r '.*,' '' -- $list)
    switch "$last"
        case 'credentials=*' 'cacert=*'
            set -l key (string replace -r '=.*' '=' -- $last)
            printf "$before$key%s\n" (__fish_complete_path (string replace -r '^[^=]*=' '' -- $last))
        case 'sandbox=*'
            printf "$before%s\n" sandbox=on sandbox=off
        case '*'
            printf "$before%s\t%s\n" \
                api-url= 'where the API is' \
                cacert= 'certificates to trust, PEM' \
                credentials= 'read the credential from a file' \
                org= 'show this organization only' \
                timeout= 'give up this long after the last progress' \
                cache= 'ask again for what is older' \
                ttl= 'tokens made by mkdir expire after' \
                rate= 'requests a minute' \
                ro 'change nothing at PlanetScale' \
                rw 'allow changes' \
                offline 'while the API is unreachable, answer from older copies' \
                sandbox= 'keep the process from what it does not need'
    end
end

# What `pscalefs run` runs: the words after its options.
function __pscalefs_first
    test (count (commandline -opc)) -eq 1
end
function __pscalefs_is
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]
end

complete -c pscalefs -f
complete -c pscalefs -n 'not __pscalefs_is run; and not __pscalefs_is check' -a '(__fish_complete_directories)'
complete -c pscalefs -n __pscalefs_first -a run -d 'mount while a command runs'
complete -c pscalefs -n __pscalefs_first -a check -d 'say whether all that a mount needs is there'
complete -c pscalefs -n '__pscalefs_is run' -x -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c pscalefs -s f -d 'stay in the foreground and log to standard error'
complete -c pscalefs -s d -d 'debug: -f, and log every request and operation'
complete -c pscalefs -s h -l help -d 'show a summary of the options'
complete -c pscalefs -s V -l version -d 'show the version'
complete -c pscalefs -s o -x -a '(__pscalefs_words)' -d 'mount options'
complete -c pscalefs -l api-url -x -d 'where the API is'
complete -c pscalefs -l cacert -r -F -d 'certificates to trust, PEM'
complete -c pscalefs -l no-namespace -d 'run: mount where other programs see it, too'
