# SPDX-License-Identifier: MIT
#
# Completion for fish of what echo and printf write into a mount: names of permissions. Installed as
# fish/vendor_conf.d/pscalefs.fish, because a file for echo in vendor_completions.d would hide fish's own.
# fish tells a completion nothing of what stands after the cursor.

# __pscalefs_target: where the command writes to, if it says so, as a text: nothing is looked at.
function __pscalefs_target
    set -l part '(?:\\\\.|"[^"]*"|\'[^\']*\'|[^\s<>|&;()"\'\\\\])'
    # Not 2> and not &>.
    set -l target (commandline -p | string match -rg "(?:^|[^0-9&<>])1?>>?\\??\s*($part+)")[1]
    test -n "$target"; or return
    set target (string unescape -- $target)
    set -l words (string match -rg '^\$(?:\{)?([A-Za-z_]\w*)\}?(/.*)$' -- $target)
    if set -q words[2]; and set -q $words[1]
        set target $$words[1]$words[2]
    end
    set target (string replace -r '^~/' "$HOME/" -- $target)
    string match -q '/*' -- $target; or set target (pwd -P 2>/dev/null)/$target
    path normalize -- $target
end

# __pscalefs_mount PATH: the mount that the path is in. The kernel knows; no mount is asked.
function __pscalefs_mount
    for mount in (string match -rg '^\S+ \S+ \S+ \S+ (\S+) .* - fuse\.pscalefs ' </proc/self/mountinfo)
        set mount (string unescape -- $mount)
        if string match -q -- "$mount/*" "$argv[1]/"
            echo $mount
            return
        end
    end
    return 1
end

# The permissions, with what each allows; nothing where neither the target nor the directory is in a mount.
function __pscalefs_scopes
    set -l target (__pscalefs_target)
    set -l levels organization database
    if string match -qr '/databases/[^/]+/permissions$' -- $target
        set levels database
    else if string match -q '*/permissions' -- $target
        set levels organization
    else if test -n "$target"
        return
    end
    test -n "$target"; or set target (pwd -P 2>/dev/null); or return
    set -l mount (__pscalefs_mount $target); or return
    set -l token (string unescape -- (commandline -ct))
    set -l before (string replace -r '[^\s,]*$' '' -- $token)
    set -l sign (string match -r '(?<![^\s,])[-+](?=[^\s,]*$)' -- $token)
    set -l names (cat $mount/.pscalefs/scopes/$levels 2>/dev/null)
    printf '%s\n' "$before$sign"$names
end

if status is-interactive
    complete -c echo -a '(__pscalefs_scopes)'
    complete -c printf -a '(__pscalefs_scopes)'
end
