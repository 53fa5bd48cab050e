/* Which rules match which records of a table, from C.
 *
 *     cc filter.c -o filter $(pkg-config --cflags --libs quintet)
 *     ./filter RULES SCHEME.toml TABLE.tsv BACKEND
 *
 * The table has the columns port, host (which may be empty: no value) and src, an IPv4 address, between tabs. Each match is a line of the rule's
 * name, a tab and the record's number, from 1.
 */
#include <quintet.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t room = 1 << 16;
    char *text = malloc(room + 1);
    *len = 0;
    for (size_t n; (n = fread(text + *len, 1, room - *len, file)) > 0;) {
        *len += n;
        if (*len == room) {
            room *= 2;
            text = realloc(text, room + 1);
        }
    }
    text[*len] = 0;
    fclose(file);
    return text;
}

/* Prints what is wrong, with the places in the rules and how to mend it. */
static void check(quintet_status status, quintet_error *error) {
    if (status == QUINTET_STATUS_OK) return;
    quintet_text message = quintet_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.len, (const char *)message.data);
    quintet_diagnostic found;
    for (size_t i = 0; quintet_error_diagnostic(error, i, &found); i++) {
        fprintf(stderr, "  bytes %u to %u: %.*s", found.start, found.end, (int)found.message.len, (const char *)found.message.data);
        if (found.help.len) fprintf(stderr, " (%.*s)", (int)found.help.len, (const char *)found.help.data);
        fputc('\n', stderr);
    }
    quintet_error_free(error);
    exit(1);
}

/* The call first, and only then what it says of its error. */
#define CHECK(call) (status = (call), check(status, error))

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s RULES SCHEME.toml TABLE.tsv BACKEND\n", argv[0]);
        return 2;
    }
    size_t rules_len, scheme_len, table_len;
    char *rules_text = read_file(argv[1], &rules_len), *scheme_text = read_file(argv[2], &scheme_len);
    char *table = read_file(argv[3], &table_len);

    quintet_engine *engine;
    quintet_scheme *scheme;
    quintet_rules *rules;
    quintet_instance *instance; /* one for each thread */
    quintet_batch *batch;
    quintet_matches *matches;
    quintet_error *error = NULL;
    quintet_status status;
    CHECK(quintet_engine_new(&engine, &error));
    CHECK(quintet_scheme_from_toml(engine, (const uint8_t *)scheme_text, scheme_len, &scheme, &error));
    CHECK(quintet_rules_compile(engine, scheme, (const uint8_t *)rules_text, rules_len, (const uint8_t *)argv[4], strlen(argv[4]), &rules, &error));
    CHECK(quintet_instance_new(rules, &instance, &error));
    CHECK(quintet_batch_new(scheme, &batch, &error));
    CHECK(quintet_matches_new(&matches, &error));

    /* The columns: what is between the tabs. */
    size_t rows = 0;
    for (size_t i = 0; i < table_len; i++) rows += table[i] == '\n';
    int64_t *ports = calloc(rows + 1, sizeof *ports), *offsets = calloc(rows + 1, sizeof *offsets);
    uint8_t *valid = calloc(rows / 8 + 1, 1), *hosts = malloc(table_len + 1), *addresses = calloc(rows + 1, 4);
    size_t row = 0;
    for (char *line = table; row < rows; row++) {
        char *end = strchr(line, '\n'), *host, *src;
        *end = 0;
        ports[row] = strtoll(line, &host, 10);
        host++;
        src = strchr(host, '\t');
        size_t len = (size_t)(src - host);
        memcpy(hosts + offsets[row], host, len);
        offsets[row + 1] = offsets[row] + (int64_t)len;
        if (len) valid[row / 8] |= (uint8_t)(1 << row % 8);
        inet_pton(AF_INET, src + 1, addresses + 4 * row);
        line = end + 1;
    }
    const char *names[] = {"port", "host", "src"};
    quintet_column columns[] = {
        {.kind = QUINTET_KIND_I64, .values = ports},
        {.kind = QUINTET_KIND_BYTES64, .values = offsets, .data = hosts, .data_len = (size_t)offsets[rows], .valid = valid},
        {.kind = QUINTET_KIND_IP4, .values = addresses},
    };
    for (int i = 0; i < 3; i++) {
        if (!quintet_scheme_field(scheme, (const uint8_t *)names[i], strlen(names[i]), &columns[i].field)) {
            fprintf(stderr, "the scheme has no field %s\n", names[i]);
            return 2;
        }
    }

    /* All records in one call, and all rules on them in another. */
    CHECK(quintet_batch_fill(batch, columns, 3, rows, &error));
    CHECK(quintet_instance_run(instance, batch, matches, &error));
    for (size_t record = 0; record < rows; record++) {
        for (size_t rule = 0; rule < quintet_matches_rules(matches); rule++) {
            if (!quintet_matches_get(matches, rule, record)) continue;
            quintet_text name = quintet_rules_name(rules, rule);
            printf("%.*s\t%zu\n", (int)name.len, (const char *)name.data, record + 1);
        }
    }
    fprintf(stderr, "%zu traps\n", quintet_matches_traps(matches));

    quintet_matches_free(matches);
    quintet_batch_free(batch);
    quintet_instance_free(instance);
    quintet_rules_free(rules);
    quintet_scheme_free(scheme);
    quintet_engine_free(engine);
    free(rules_text), free(scheme_text), free(table);
    free(ports), free(offsets), free(valid), free(hosts), free(addresses);
    return 0;
}
