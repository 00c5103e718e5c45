/* SPDX-License-Identifier: MIT */
#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/xmalloc.h"

#define GZIP_WINDOW (15 + 16)

bool gzip_replace(char **bytes, size_t *size)
{
	z_stream stream = {0};
	char *packed;
	size_t room;
	int result;

	if (deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&stream, *size);
	packed = xcalloc(1, room);
	stream.next_in = (Bytef *)*bytes;
	stream.avail_in = (uInt)*size;
	stream.next_out = (Bytef *)packed;
	stream.avail_out = (uInt)room;
	result = deflate(&stream, Z_FINISH);
	if (result == Z_STREAM_END) {
		free(*bytes);
		*bytes = packed;
		*size = stream.total_out;
	} else {
		free(packed);
	}
	deflateEnd(&stream);
	return result == Z_STREAM_END;
}
