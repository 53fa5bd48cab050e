/* Rules that keep state, on records that come in small batches, from C: the lines of their outputs go to standard output.
 *
 *     cc stream.c -o stream $(pkg-config --cflags --libs quintet)
 *     ./stream RULES SCHEME.toml BACKEND OUTPUT <TABLE.tsv
 *
 * The table has the columns ts, in seconds, src, an IPv4 address, and port, between tabs.
 */
#include <quintet.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 100 };

static void check(quintet_status status, quintet_error *error) {
    if (status == QUINTET_STATUS_OK) return;
    quintet_text message = quintet_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.len, (const char *)message.data);
    quintet_error_free(error);
    exit(1);
}

/* The call first, and only then what it says of its error. */
#define CHECK(call) (status = (call), check(status, error))

static size_t read_file(const char *path, char *text, size_t room) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t len = fread(text, 1, room, file);
    fclose(file);
    return len;
}

/* Takes lines of an output: true where they could be written. */
static bool write_lines(void *context, const uint8_t *lines, size_t len) {
    return fwrite(lines, 1, len, context) == len;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s RULES SCHEME.toml BACKEND OUTPUT <TABLE.tsv\n", argv[0]);
        return 2;
    }
    static char rules_text[1 << 16], scheme_text[1 << 16];
    size_t rules_len = read_file(argv[1], rules_text, sizeof rules_text), scheme_len = read_file(argv[2], scheme_text, sizeof scheme_text);

    quintet_engine *engine;
    quintet_scheme *scheme;
    quintet_rules *rules;
    quintet_instance *stream; /* has the tables of the rules */
    quintet_batch *batch;
    quintet_matches *matches;
    quintet_error *error = NULL;
    quintet_status status;
    CHECK(quintet_engine_new(&engine, &error));
    CHECK(quintet_scheme_from_toml(engine, (const uint8_t *)scheme_text, scheme_len, &scheme, &error));
    CHECK(quintet_rules_compile(engine, scheme, (const uint8_t *)rules_text, rules_len, (const uint8_t *)argv[3], strlen(argv[3]), &rules, &error));
    CHECK(quintet_instance_new(rules, &stream, &error));
    CHECK(quintet_instance_sink(stream, (const uint8_t *)argv[4], strlen(argv[4]), write_lines, stdout, &error));
    CHECK(quintet_batch_new(scheme, &batch, &error));
    CHECK(quintet_matches_new(&matches, &error));

    static double times[ROWS];
    static int64_t ports[ROWS];
    static uint8_t addresses[ROWS][4];
    const char *names[] = {"ts", "src", "port"};
    quintet_column columns[] = {
        {.kind = QUINTET_KIND_F64, .values = times},
        {.kind = QUINTET_KIND_IP4, .values = addresses},
        {.kind = QUINTET_KIND_I64, .values = ports},
    };
    for (int i = 0; i < 3; i++) {
        if (!quintet_scheme_field(scheme, (const uint8_t *)names[i], strlen(names[i]), &columns[i].field)) {
            fprintf(stderr, "the scheme has no field %s\n", names[i]);
            return 2;
        }
    }
    size_t rows = 0, records = 0;
    for (bool more = true; more;) {
        char src[16];
        long long port;
        more = scanf("%lf\t%15[0-9.]\t%lld\n", &times[rows], src, &port) == 3;
        if (more) {
            inet_pton(AF_INET, src, addresses[rows]);
            ports[rows++] = port;
        }
        if (rows == ROWS || (!more && rows)) {
            CHECK(quintet_batch_fill(batch, columns, 3, rows, &error));
            CHECK(quintet_instance_run(stream, batch, matches, &error));
            records += rows;
            rows = 0;
        }
    }
    fprintf(stderr, "%zu records\n", records);

    quintet_matches_free(matches);
    quintet_batch_free(batch);
    quintet_instance_free(stream);
    quintet_rules_free(rules);
    quintet_scheme_free(scheme);
    quintet_engine_free(engine);
    return 0;
}
