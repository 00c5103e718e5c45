#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Complains of an include that brings nothing: no name that the header declares, or, for a header of the C
# library, none of those in the table below, is a word of the file. Not asked for are a file's own header,
# and what the headers of tests include: those collect what their tests need.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

# These declare nothing themselves.
collections=' unit.h base/hash_table.h '

# Headers that are in no row are passed over.
table='
assert.h   assert static_assert
ctype.h    isalnum isalpha isblank iscntrl isdigit islower isprint ispunct isspace isupper isxdigit tolower toupper
dirent.h   DIR dirent opendir fdopendir readdir closedir
errno.h    errno E[A-Z0-9]+ program_invocation_[a-z_]+
fcntl.h    open openat creat fcntl posix_fallocate fallocate splice [OF]_[A-Z_]+ AT_[A-Z_]+ FD_CLOEXEC
fnmatch.h  fnmatch
getopt.h   getopt getopt_long optarg optind opterr optopt
inttypes.h PRI[a-zA-Z0-9]+ SCN[a-zA-Z0-9]+ strtoimax strtoumax
limits.h   [A-Z_]+_(MAX|MIN) [A-Z]+_MAX
poll.h     poll ppoll pollfd POLL[A-Z]+ nfds_t
signal.h   signal sig[a-z]+ SIG[A-Z0-9_]+ kill raise sigset_t siginfo_t SA_[A-Z]+ tgkill
stdarg.h   va_[a-z]+
stdbool.h  bool true false
stddef.h   size_t NULL offsetof ptrdiff_t max_align_t
stdint.h   u?int[0-9]+_t u?intptr_t u?intmax_t [A-Z0-9]+_(MAX|MIN) U?INT[0-9]+_C
stdio.h    FILE stdin stdout stderr EOF SEEK_[A-Z]+ remove rename perror [a-z]*(print|scan)f f[a-z_]+ put[a-z_]+ get[a-z_]+ setv?buf setlinebuf open_memstream popen pclose tmpfile
stdlib.h   malloc calloc realloc free abort exit _Exit atexit atoi atol getenv setenv unsetenv clearenv secure_getenv qsort bsearch strto[a-z]+ mkdtemp mkstemp mkostemp realpath rand random srandom abs system EXIT_[A-Z]+ reallocarray
string.h   (mem|str|explicit_|strv)[a-z0-9_]+ basename ffs
strings.h  strn?casecmp bcmp ffs
time.h     time tzset [a-z_]*time[a-z_]* timespec tm clock_[a-z]+ CLOCK_[A-Z]+ nanosleep
unistd.h   [a-z_]+ [A-Z_]+
'

complaints=0

# What a header declares: macros, tags, functions, constants, types, variables.
names_in() {
	gcc -fpreprocessed -dD -E -P "$1" 2>/dev/null | sed -nE '
		s/^[[:blank:]]*#define ([A-Za-z_0-9]+).*/\1/p
		s/^[[:blank:]]*((static|typedef|extern|const) )*(struct|enum|union) ([A-Za-z_0-9]+) *(\{.*|;)$/\4/p
		s/^[^[:blank:]#][^(]*[^A-Za-z_0-9]([A-Za-z_0-9]+)\(.*/\1/p
		s/^[^[:blank:]#][^(]*\(\*([A-Za-z_0-9]+)\)\(.*/\1/p
		s/^\}? *([a-z].*[ *])?([A-Za-z_0-9]+)(\[[^]]*\])*( = .*)?;$/\2/p
		s/^[[:blank:]]+([A-Z][A-Z_0-9]+)( = .*)?,?$/\1/p'
}

declare -A declared=() row=()
while read -r header names; do
	[[ ! $header ]] || row[$header]="^(${names// /|})\$"
done <<<"$table"

unused() {
	echo "$1: includes $2 and uses nothing of it"
	complaints=$((complaints + 1))
}

# uses_of HEADER: is a word of the file declared there?
uses_of() {
	local name
	[[ ${declared[$1]+set} ]] || declared[$1]=$(names_in "$1" | sort -u)
	for name in ${declared[$1]}; do
		[[ ! ${word[$name]+set} ]] || return 0
	done
	return 1
}

while read -r file; do
	declare -A word=()
	text=$(gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null | sed -E '/^[[:blank:]]*#[[:blank:]]*include/d')
	list=$(grep -oE '[A-Za-z_][A-Za-z_0-9]*' <<<"$text" | sort -u || true)
	for name in $list; do word[$name]=1; done
	while read -r kind header; do
		if [[ $kind == '"' ]]; then
			[[ ${header##*/} != "$(basename "${file%.[ch]}").h" && $collections != *" $header "* ]] || continue
			path=src/$header
			[[ -f $path ]] || path=$(dirname "$file")/$header
			[[ ! -f $path ]] || uses_of "$path" || unused "$file" "$header"
		elif [[ ${row[$header]-} ]]; then
			# cmocka.h needs these before it.
			[[ ! $header =~ ^std(arg|def|int)\.h$ ]] || ! grep -q '<cmocka.h>' "$file" || continue
			grep -qE "${row[$header]}" <<<"$list" || unused "$file" "<$header>"
		fi
	done < <(sed -nE 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*(["<])([^">]+)[">].*/\1 \2/p' "$file")
done < <(find src -name '*.[ch]' && find tests -name '*.c')

[[ $complaints -eq 0 ]]
