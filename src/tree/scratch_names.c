/* SPDX-License-Identifier: MIT */
#include "tree/scratch_names.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

/* Vim tests whether it can create files: with the name 4913, and if that is in use with the next
 * number, in steps of 123 (its fileio.c). */
static bool vim_probe(const char *name)
{
	size_t len = strlen(name);

	if (len < 4 || len > 5 || strspn(name, "0123456789") != len)
		return false;
	int number = atoi(name);
	return name[0] != '0' && number >= 4913 && (number - 4913) % 123 == 0;
}

#define ONE  "[0-9A-Za-z]"
#define SIX  ONE ONE ONE ONE ONE ONE
#define LOW  "[0-9a-z_]"
#define LOW8 LOW LOW LOW LOW LOW LOW LOW LOW

/* Patterns of fnmatch(3). Each is needed by a tool; names that a user may mistype do not match. */
static const struct {
	const char *pattern, *tool;
} scratch[] = {
	{"permissions~", "backups of vim, emacs, nano, joe, mg, jed, mcedit, kate, GIO, cp -b"},
	{"permissions.~[1-9]~", "numbered backups of emacs and coreutils"},
	{"permissions.~[1-9][0-9]~", "the same"},
	{".permissions~", "backups of editors that hide them"},
	{".permissions.sw[a-px]", "swap files of vim, locks of nano"},
	{".permissions.swpx", "vim tests which names it may use"},
	{".permissions." SIX, "rsync"},
	{".permissions.vis." SIX, "vis"},
	{".permissions.kak." SIX, "kakoune with writemethod replace"},
	{".permissions.kate-swp", "kate: unsaved changes (from its source)"},
	{".permissions" SIX, "mkstemp(3) of a hidden name: uutils and others"},
	{"permissions" SIX, "busybox sed -i, emacs"},
	{"permissions." SIX, "QSaveFile of Qt: kate and others"},
	{"permissions." SIX ONE ONE ONE ONE, "mg: becomes the backup"},
	{"permissions.gawk." ONE "*", "gawk -i inplace"},
	{"permissions.o" SIX, "patch"},
	{"permissions.bak", "sed -i.bak, perl -i.bak"},
	{"permissions.orig", "patch, perl -i.orig"},
	{"permissions.rej", "patch"},
	{"permissions.old", "sed -i.old"},
	{"permissions.new", "scripts that write a new file, then rename it"},
	{"#permissions#", "emacs, jed, joe: unsaved changes"},
	{"#permissions", "ne: unsaved changes"},
	{"#permissions#" SIX, "emacs, the same"},
	{".#permissions", "locks of emacs, joe, jed, mcedit"},
	{".ansible_tmp" LOW8 "permissions", "ansible"},
	{"permissions.[0-9]*.[0-9]*-[0-9]*-[0-9]*@[0-9]*:[0-9]*:[0-9]*~", "backups of ansible"},
	{".unison.permissions.*.unison.tmp", "unison: with a checksum of the directory's name"},
	{".bak.[0-9].permissions", "backups of unison beside the file"},
	{"sed" SIX, "GNU sed -i"},
	{"XX" SIX, "perl -i: mkstemp(\"XXXXXXXX\")"},
	{"Cu" SIX, "coreutils: ln -f, cp -b"},
	{"d2utmp" SIX, "dos2unix, unix2dos"},
	{"u2dtmp" SIX, "unix2dos"},
	{"cooledit" SIX, "mcedit with \"safe save\" or backups"},
	{".goutputstream-" SIX, "GIO: gedit and others"},
	{".tmp" SIX, "tempfile of Rust: sd and others"},
	{"tmp" LOW8, "tempfile of Python"},
	{"tmp." SIX ONE ONE ONE ONE, "mktemp(1)"},
	{"tmp." SIX, "mktemp(1) with the usual template"},
	{"?*.tmp", "programs that use this name"},
};

bool name_scratch(const char *file_name)
{
	for (size_t i = 0; i < ARRAY_LEN(scratch); i++)
		if (fnmatch(scratch[i].pattern, file_name, 0) == 0)
			return true;
	return vim_probe(file_name);
}

bool name_near_permissions(const char *file_name)
{
	static const char permissions[] = "permissions";

	return strcasestr(file_name, permissions) != NULL ||
	       str_edits(file_name, permissions) <= str_slip(strlen(file_name));
}
