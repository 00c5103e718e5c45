# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # $work is lib.sh's
#
# Examples in a text, and running them: for tests that hold the manual and the README to what they
# show. A transcript is what a terminal shows: "$ command", then its output.

# manual_transcripts FILE SECTION: the displays of an mdoc page's section that have a prompt in them,
# as a terminal shows them. An output line that begins with two blanks goes on the one before it.
manual_transcripts() {
	awk -v section="$2" '
		/^\.Sh / { inside = ($0 == ".Sh " section) }
		/^\.Bd -literal/ { display = inside; next }
		/^\.Ed/ { display = 0 }
		!display { next }
		/^  / { sub(/^ */, " "); printf "%s", $0; next }
		{ printf "%s%s", separator, $0; separator = "\n" }
		END { print "" }' "$1" | manual_text
}

# manual_items FILE COMMENT: the items of the list behind this comment line.
manual_items() {
	awk -v comment="$2" '
		index($0, comment) { inside = 1 }
		inside && sub(/^\.It Li /, "") { gsub(/^"|"$/, ""); print }
		inside && /^\.El/ { exit }' "$1" | manual_text
}

# What an mdoc source is to a reader.
manual_text() { sed -e "s/\\\\(aq/'/g" -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/\\&//g'; }

# readme_transcripts FILE: the blocks of a markdown file that are marked as console.
readme_transcripts() { awk '/^```/ { inside = /console$/; next } inside' "$1"; }

# run_transcript TEXT: its commands, all in one bash as a person has it; prints the transcript that
# comes of it.
run_transcript() {
	sed -n 's/^\$ //p' <<<"$1" >"$work/commands"
	(
		trap - ERR EXIT
		cd "$work/home" || exit
		# shellcheck disable=SC2016 # for the other bash
		env -i PATH="$PATH" HOME="$work/home" LC_ALL=C bash -c '
			while IFS= read -r command <&9; do
				printf "$ %s\n" "$command"
				eval "$command" 9<&-
			done
			true' bash 9<"$work/commands" </dev/null 2>&1
	) | sed 's/^bash: line [0-9]*: /bash: /'
}

# mask: times, process ids, ids and secrets are others each time; blanks are as they fit.
mask() {
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' -e 's/pid [0-9]+/pid N/g' \
		-e 's/pscale_tkn_[A-Za-z0-9_-]+/SECRET/g' \
		-e 's/(TOKEN_ID=|@|ID )[a-z0-9]{12}\b/\1ID/g' -e 's/[[:blank:]]+/ /g' -e 's/ $//'
}
