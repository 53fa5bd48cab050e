/* The checksum of the internet protocols, and the first line of a text. */
#include "quintet_module.h"

QUINTET_DECLARE(
    "/// The checksum of RFC 1071: of a header with its checksum in it, 0.\\n"
    "fn internet_checksum(s: Bytes) -> Int\\n"
    "/// What stands before the first line end; nil if there is none.\\n"
    "fn first_line(s: Bytes) -> Bytes?")

QUINTET_EXPORT("internet_checksum") uint32_t internet_checksum(const quintet_cell *args, quintet_cell *out) {
    quintet_bytes s = quintet_get_bytes(&args[0]);
    uint64_t sum = 0;
    uint32_t i = 0;
    for (; i + 1 < s.len; i += 2) sum += (uint32_t)s.at[i] << 8 | s.at[i + 1];
    if (i < s.len) sum += (uint32_t)s.at[i] << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return quintet_int(out, ~sum & 0xffff);
}

QUINTET_EXPORT("first_line") uint32_t first_line(const quintet_cell *args, quintet_cell *out) {
    quintet_bytes s = quintet_get_bytes(&args[0]);
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\n') return quintet_answer_bytes(out, s.at, i > 0 && s.at[i - 1] == '\r' ? i - 1 : i);
    }
    return QUINTET_NIL;
}
