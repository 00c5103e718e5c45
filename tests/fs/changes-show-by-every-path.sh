#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A change made elsewhere shows when the cache time has passed, or after refresh, and one made here at once: in each
# list, attribute, content and link, under names that were looked at before, and to every process. What has to be
# seen is what another mount sees, which forgets everything before each look.
. "$(dirname "$0")/lib.sh"

start_emulator
for token in mine theirs; do
	add_token "$token"
	grant "$token" shop read_branch
done

# --- processes that look at all there is, and at all that there was ---

# A line for what a path shows; a request is the file to write them to, and the only path to look at, if not all.
cat >"$work/looker" <<'PYTHON'
import os, re, stat, sys
root, seen = sys.argv[1], {"."}
SKIPPED = {"audit-log", "create-token", "token", "env", "header"}  # the log, and what only one mount has

def look(path):
    full = os.path.join(root, path)
    st = os.lstat(full)
    if stat.S_ISLNK(st.st_mode):
        return [("link", os.readlink(full))], []
    if stat.S_ISREG(st.st_mode):
        with open(full) as f:
            text = f.read()
        os.lstat(full)  # a read has made the kernel forget the attributes
        # No answer to a change of ours says what time PlanetScale has noted of it.
        text = re.sub('"updated_at": "[^"]*"', '"updated_at": ...', text)
        return [("attribute", st.st_size), ("content", repr(text))], []
    names = sorted(set(os.listdir(full)) - SKIPPED)
    return [("list", " ".join(names))], [os.path.normpath(os.path.join(path, name)) for name in names]

def show(path, out):
    try:
        found, below = look(path)
    except OSError as e:
        found, below = [("attribute", e.strerror)], []
    for what, value in found:
        print(what, path, value, file=out)
    return set(below)

def show_all(out):
    todo, done = sorted(seen, reverse=True), set()  # what is deep first: without a look at what is above
    while todo:
        path = todo.pop(0)
        done.add(path)
        todo += show(path, out) - done - set(todo)
    seen.update(done)

for request in sys.stdin:
    for refresh in sys.argv[2:]:
        with open(refresh, "w") as f:
            f.write("all")
    file, *paths = request.split()
    with open(file, "w") as out:
        for path in paths:
            show(path, out)
        if not paths:
            show_all(out)
    print("done", flush=True)
PYTHON

lookers=() asks=() answers=()

# start_looker COMMAND…: it looks when it is asked to.
start_looker() {
	local n=${#lookers[@]} ask answer
	mkfifo "$work/ask.$n" "$work/answer.$n"
	"$@" <"$work/ask.$n" >"$work/answer.$n" 2>>"$work/lookers" &
	lookers+=("$!")
	exec {ask}>"$work/ask.$n" {answer}<"$work/answer.$n"
	asks+=("$ask") answers+=("$answer")
}

# look NUMBER [PATH]: what it sees is left in $work/seen.NUMBER, sorted.
look() {
	local answer
	echo "$work/seen ${2-}" >&"${asks[$1]}"
	read -r answer <&"${answers[$1]}" || fail "$(cat "$work/lookers")"
	sort "$work/seen" >"$work/seen.$1"
}

end_lookers() {
	local fd looker
	for fd in "${asks[@]}" "${answers[@]}"; do exec {fd}>&-; done
	for looker in "${lookers[@]}"; do
		status_of "$looker"
		assert_eq 0 "$status" "$(cat "$work/lookers")"
	done
	lookers=() asks=() answers=()
	rm "$work"/{ask,answer}.*
}

start_lookers() {
	start_mount -o "cache=$1,rate=0"
	# shellcheck disable=SC2016 # the inner shell expands it
	start_looker "${command[@]}" run --no-namespace -o rate=0 \
		sh -c 'exec python3 "$1" "$PSCALEFS/acme" "$PSCALEFS/.pscalefs/refresh"' sh "$work/looker"
	start_looker python3 "$work/looker" "$org"
	start_looker env -C "$tokens" python3 "$work/looker" ..
	for i in 0 1 2; do look $i; done
	first=1
}

# must_show WHAT KINDS: all see what the first does, and in these kinds of things it is another than before.
must_show() {
	local i
	cp "$work/seen.0" "$work/before"
	look 0
	assert_eq "$2" "$(comm -3 "$work/before" "$work/seen.0" | tr -d '\t' | cut -d ' ' -f 1 | sort -u | xargs)" "$1"
	first=$((3 - first)) # by turns the one and the other looks first
	for i in $first $((3 - first)); do
		look "$i"
		must_see "$i" "$1"
	done
}

# must_see NUMBER WHAT: the same as the first sees.
must_see() {
	cmp -s "$work/seen.0" "$work/seen.$1" || fail "cache=$cache: process $1 does not see \"$2\":
$(comm -3 "$work/seen.0" "$work/seen.$1")"
}

# --- changes ---

# here KINDS COMMAND…
here() {
	"${@:2}"
	must_show "${*:2}" "$1"
}

wait_until_old() { wait_for past $((${EPOCHREALTIME/./} + cache * 1000000 + 50000)); }
past() { [[ ${EPOCHREALTIME/./} -gt $1 ]]; }

# elsewhere KINDS COMMAND…
elsewhere() {
	"${@:2}"
	case $cache in
	600) refresh ;;
	*) wait_until_old ;;
	esac
	must_show "${*:2}" "$1"
}

# alone PATH COMMAND…: after a change elsewhere, of all that was looked at before nothing is looked at but this.
alone() {
	look 0
	look 1
	cp "$work/seen.0" "$work/before"
	"${@:2}"
	wait_until_old
	look 1 "$1"
	look 0 "$1"
	must_see 1 "${*:2}"
	grep -q -v -x -F -f "$work/before" "$work/seen.0" || fail "$1 is the same after ${*:2}"
}

rename_token() { api_data "$(json op=update-token id="$(text "$(token_id "$1")")" new_name="$2")"; }
database() { api_data "$(json op="$1-database" name="$2" "${@:3}")"; }

for cache in 1 600; do
	start_lookers $cache
	permissions=$tokens/mine/databases/shop/permissions

	here 'attribute content' append "$permissions" create_branch
	here 'attribute content' overwrite "$permissions" read_branch
	here 'attribute content' append "$tokens/mine/permissions" read_organization
	here 'attribute content' rm "$tokens/mine/permissions"
	here 'attribute content link list' rm "$permissions"
	here 'attribute content link list' append "$permissions" read_branch
	here 'attribute content link list' mkdir "$tokens/made"
	here 'attribute content link list' rm -r "$tokens/made"
	here 'attribute content link list' overwrite "$org/create-token" made
	here 'attribute content link list' rm -r "$tokens/made"

	elsewhere 'attribute content' grant theirs shop delete_branch
	elsewhere 'attribute content' revoke theirs shop delete_branch
	elsewhere 'attribute content link list' grant theirs blog read_branch
	elsewhere 'attribute content link list' revoke theirs blog read_branch
	elsewhere 'attribute content' grant theirs '' read_organization
	elsewhere 'attribute content' revoke theirs '' read_organization
	elsewhere 'attribute content link list' add_token late
	elsewhere 'attribute content link list' rename_token late later
	elsewhere 'attribute content link list' delete_token later
	elsewhere 'attribute content list' database add attic
	elsewhere 'attribute content' database update attic state=sleeping
	elsewhere 'attribute content list' database update attic new_name=cellar
	elsewhere 'attribute content list' database delete cellar

	end_lookers
	stop_mount
done

cache=1
start_lookers $cache
file=databases/shop/permissions
alone service-tokens/theirs/$file grant theirs shop delete_branch
alone service-tokens/theirs/$file revoke theirs shop delete_branch
alone databases/shop/access grant theirs shop delete_branch
alone service-tokens/theirs/info.json revoke theirs shop delete_branch
alone service-tokens/theirs/permissions grant theirs '' read_organization
alone databases/blog/service-tokens grant theirs blog read_branch
alone databases/blog/service-tokens/theirs revoke theirs blog read_branch
alone service-tokens add_token late
late=$(token_id late)
alone "by-id/$late" rename_token late later
alone service-tokens/later/name rename_token later latest
alone service-tokens/latest/created_at rename_token latest last
alone databases/shop/access grant last shop read_branch
alone databases/shop/service-tokens/last rename_token last late
alone by-id delete_token late
add_token late
alone service-tokens/late/$file delete_token late
alone databases database add attic
alone databases/attic/state database update attic state=sleeping
alone databases/attic/id database update attic new_name=cellar
alone service-tokens/mine/databases/cellar database delete cellar
end_lookers
stop_mount

# Without a cache each look asks some hundred times more.
cache=0
start_lookers $cache
here 'attribute content link list' mkdir "$tokens/made"
elsewhere 'attribute content link list' delete_token made
end_lookers
