/* The C interface of Quintet.
 *
 * Objects are opaque: what `..._new` or another function hands out is given back to its `..._free`, which takes NULL too. Text is a pointer and
 * a length, need not end in a zero byte and is UTF-8; an empty one may have a NULL pointer. Nothing that is handed in is kept after the call, but
 * for the context of host functions. What is handed out of an object lives until the object is changed or freed.
 *
 * Functions that can fail answer a status, and where it is not QUINTET_STATUS_OK and `error` is not NULL, put an error there that the caller frees. There
 * is no last error of a thread.
 *
 * Threads: engine (once its functions are added), scheme, rules and error may be used by several at once. An instance, a batch and matches are
 * used by one at a time, whichever that is.
 *
 * A panic inside never leaves it: it gives QUINTET_STATUS_PANIC, and the instance, batch or matches that the call was to change give QUINTET_STATUS_POISONED from
 * then on; freeing them is all that is left to do. A panic in a host function is a trap of the rule.
 */

#ifndef QUINTET_H
#define QUINTET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* The C data interface of Apache Arrow. */
struct ArrowArray;
struct ArrowSchema;


/*
 What a call came to.
 */
typedef enum quintet_status {
  /*
   It did what it was asked for.
   */
  QUINTET_STATUS_OK = 0,
  /*
   The text of rules, or of a scheme, is wrong.
   */
  QUINTET_STATUS_SOURCE = 1,
  /*
   An argument is not what it must be, such as NULL where there must be something, or an index that there is not.
   */
  QUINTET_STATUS_ARGUMENT = 2,
  /*
   Columns are not those of the scheme, or malformed.
   */
  QUINTET_STATUS_COLUMNS = 3,
  /*
   There is no memory, or another resource of the system gave out.
   */
  QUINTET_STATUS_RESOURCE = 4,
  /*
   Evaluating ended without answers.
   */
  QUINTET_STATUS_RUN = 5,
  /*
   A defect: something panicked, and what the call was to change is poisoned.
   */
  QUINTET_STATUS_PANIC = 6,
  /*
   What the call is to use was poisoned by an earlier one.
   */
  QUINTET_STATUS_POISONED = 7,
} quintet_status;

/*
 What the values of a column are.
 */
typedef enum quintet_kind {
  /*
   Bits, the first one lowest in its byte; for Bool.
   */
  QUINTET_KIND_BOOL = 0,
  /*
   Signed, 8 bits; for Int, as the next ones.
   */
  QUINTET_KIND_I8 = 1,
  /*
   Signed, 16 bits.
   */
  QUINTET_KIND_I16 = 2,
  /*
   Signed, 32 bits.
   */
  QUINTET_KIND_I32 = 3,
  /*
   Signed, 64 bits.
   */
  QUINTET_KIND_I64 = 4,
  /*
   Unsigned, 8 bits.
   */
  QUINTET_KIND_U8 = 5,
  /*
   Unsigned, 16 bits.
   */
  QUINTET_KIND_U16 = 6,
  /*
   Unsigned, 32 bits.
   */
  QUINTET_KIND_U32 = 7,
  /*
   32 bits; for Float, as the next one.
   */
  QUINTET_KIND_F32 = 8,
  /*
   64 bits.
   */
  QUINTET_KIND_F64 = 9,
  /*
   `int32_t` offsets, one more than there are values, into `data`; for Bytes, as the next one.
   */
  QUINTET_KIND_BYTES32 = 10,
  /*
   `int64_t` offsets.
   */
  QUINTET_KIND_BYTES64 = 11,
  /*
   4 bytes each, in the order of the network; for Ip, as the next one.
   */
  QUINTET_KIND_IP4 = 12,
  /*
   16 bytes each.
   */
  QUINTET_KIND_IP6 = 13,
} quintet_kind;

/*
 What a value is.
 */
typedef enum quintet_type {
  /*
   The missing value.
   */
  QUINTET_TYPE_NIL = 0,
  /*
   `integer` is 0 or 1.
   */
  QUINTET_TYPE_BOOL = 1,
  /*
   `integer`.
   */
  QUINTET_TYPE_INT = 2,
  /*
   `number`.
   */
  QUINTET_TYPE_FLOAT = 3,
  /*
   `data` and `len`.
   */
  QUINTET_TYPE_BYTES = 4,
  /*
   `data` and `len`: 4 or 16 bytes, in the order of the network.
   */
  QUINTET_TYPE_IP = 5,
} quintet_type;

/*
 Records of a scheme.
 */
typedef struct quintet_batch quintet_batch;

/*
 What rules are compiled with: functions and limits.
 */
typedef struct quintet_engine quintet_engine;

/*
 Why a call failed.
 */
typedef struct quintet_error quintet_error;

/*
 What one thread at a time needs to run rules. That of rules which keep state or have outputs is a stream of records: it has tables of its own,
 and batches are run in the order of their records.
 */
typedef struct quintet_instance quintet_instance;

/*
 Which rules match which records, and where rules trapped.
 */
typedef struct quintet_matches quintet_matches;

/*
 Compiled rules, for any number of threads.
 */
typedef struct quintet_rules quintet_rules;

/*
 The fields of records, and the functions that rules may call.
 */
typedef struct quintet_scheme quintet_scheme;

/*
 The values of a field, one for each record.
 */
typedef struct quintet_column {
  /*
   The field's number in the scheme.
   */
  uint32_t field;
  /*
   What `values` points to: one of `quintet_kind`.
   */
  uint32_t kind;
  /*
   The values, or the offsets of those of Bytes.
   */
  const void *values;
  /*
   Of Bytes, the bytes of all values.
   */
  const uint8_t *data;
  /*
   How many they are.
   */
  size_t data_len;
  /*
   A bit for each record, the first one lowest in its byte, that is set where there is a value; NULL where all have one.
   */
  const uint8_t *valid;
} quintet_column;

/*
 Bytes that something else holds.
 */
typedef struct quintet_text {
  /*
   The first byte.
   */
  const uint8_t *data;
  /*
   How many there are.
   */
  size_t len;
} quintet_text;

/*
 One finding in the text of rules.
 */
typedef struct quintet_diagnostic {
  /*
   Whether the text cannot be compiled for it; otherwise it is a warning.
   */
  bool is_error;
  /*
   A stable short name of the kind of finding, such as `unknown-name`.
   */
  struct quintet_text code;
  /*
   One sentence, without a full stop.
   */
  struct quintet_text message;
  /*
   A few words to stand at the place; may be empty.
   */
  struct quintet_text label;
  /*
   How to mend it; may be empty.
   */
  struct quintet_text help;
  /*
   The first byte of the place in the text.
   */
  uint32_t start;
  /*
   The byte after the place.
   */
  uint32_t end;
} quintet_diagnostic;

/*
 A value that a function of the host takes or answers.
 */
typedef struct quintet_value {
  /*
   What it is: one of `quintet_type`.
   */
  uint32_t what;
  /*
   The value of Bool and Int.
   */
  int64_t integer;
  /*
   The value of Float.
   */
  double number;
  /*
   The first byte of Bytes and Ip.
   */
  const uint8_t *data;
  /*
   How many bytes there are.
   */
  size_t len;
} quintet_value;

/*
 A function of the host: writes its result, whose bytes are there until it is called again on the same thread, and answers true; or false, which
 traps the rule as a panic in a function does. It is called by as many threads at once as run rules.
 */
typedef bool (*quintet_function)(void *context, const struct quintet_value *arguments, size_t count, struct quintet_value *result);

/*
 A rule that trapped on a record, and does not match it therefore.
 */
typedef struct quintet_trap {
  /*
   The rule, counted from 0.
   */
  size_t rule;
  /*
   The record, counted from 0.
   */
  size_t record;
  /*
   What happened: 1 a division by zero, 2 the limit on memory, 3 a panic in a function, 4 the limit on steps, 5 a result that is not of the
   type of its function, 6 an index outside of an array, 7 nil where a value is needed, 8 too many calls inside one another.
   */
  uint32_t what;
  /*
   The first byte of the place in the rules' text.
   */
  uint32_t start;
  /*
   The byte after the place.
   */
  uint32_t end;
} quintet_trap;

/*
 Takes lines of an output, each whole and with its end, and answers whether it did; they are gone after the call. Where it did not, the run ends
 with QUINTET_STATUS_RUN.
 */
typedef bool (*quintet_sink)(void *context, const uint8_t *lines, size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Runs the rules of an instance on the rows of an array, which is a struct of columns, all at once. Fields are taken from the columns of their
 names; one without a column is nil. The array is released, also where the call fails; the schema is not. A value that is not of its field's
 type is nil, and `unfit`, unless it is NULL, is told how many there were.

 # Safety
 `instance` and `matches` are such that no other call uses, `array` and `schema` are of Arrow's C data interface, `unfit` is NULL or can be
 written to, and `error` too.
 */
enum quintet_status quintet_eval_arrow(struct quintet_instance *instance,
                                       struct ArrowArray *array,
                                       const struct ArrowSchema *schema,
                                       struct quintet_matches *matches,
                                       size_t *unfit,
                                       struct quintet_error **error);

/*
 An empty batch of a scheme.

 # Safety
 `scheme` is a scheme, `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_batch_new(const struct quintet_scheme *scheme, struct quintet_batch **out, struct quintet_error **error);

/*
 Fills a batch with `rows` records, in place of those that it has, which have the values of the columns. Of a field without a column no record
 has a value. Values are copied. After an error the batch is empty.

 # Safety
 `batch` is a batch that no other call uses, `columns` points to `count` columns, what they point to is there for `rows` records, and
 `error` can be written to unless it is NULL.
 */
enum quintet_status quintet_batch_fill(struct quintet_batch *batch,
                                       const struct quintet_column *columns,
                                       size_t count,
                                       size_t rows,
                                       struct quintet_error **error);

/*
 How many records a batch has.

 # Safety
 `batch` is NULL or a batch.
 */
size_t quintet_batch_len(const struct quintet_batch *batch);

/*
 Frees a batch.

 # Safety
 `batch` is NULL or a batch that was not freed.
 */
void quintet_batch_free(struct quintet_batch *batch);

/*
 An engine with the standard functions and the default limits.

 # Safety
 `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_engine_new(struct quintet_engine **out, struct quintet_error **error);

/*
 Has the backend `wasm` do without signal handlers, in the whole process and from now on: a host that handles `SIGSEGV`, `SIGBUS`, `SIGILL` or
 `SIGFPE` itself need not share them then, and `wasm` checks what those would have told it. `wasm-winch` is not there then. Other backends
 handle no signals. QUINTET_STATUS_ARGUMENT where rules were compiled by `wasm` before.

 # Safety
 `error` can be written to unless it is NULL.
 */
enum quintet_status quintet_without_signal_handlers(struct quintet_error **error);

/*
 Sets the limits of an evaluation of rules on a record: steps, and bytes that functions may make; 0 leaves one as it is.

 # Safety
 `engine` is an engine that no other call uses, and `error` can be written to unless it is NULL.
 */
enum quintet_status quintet_engine_limits(struct quintet_engine *engine, uint64_t steps, size_t memory_bytes, struct quintet_error **error);

/*
 Frees an engine. Rules that it compiled stay.

 # Safety
 `engine` is NULL or an engine that was not freed.
 */
void quintet_engine_free(struct quintet_engine *engine);

/*
 The status that the call answered.

 # Safety
 `error` is an error that was not freed.
 */
enum quintet_status quintet_error_status(const struct quintet_error *error);

/*
 What is wrong, in words.

 # Safety
 `error` is NULL or an error that was not freed.
 */
struct quintet_text quintet_error_message(const struct quintet_error *error);

/*
 How many findings in the text of rules there are; 0 where something else is wrong.

 # Safety
 `error` is NULL or an error that was not freed.
 */
size_t quintet_error_diagnostics(const struct quintet_error *error);

/*
 Finding `index`, counted from 0; false where there is none.

 # Safety
 `error` is NULL or an error that was not freed, and `out` can be written to.
 */
bool quintet_error_diagnostic(const struct quintet_error *error, size_t index, struct quintet_diagnostic *out);

/*
 Frees an error.

 # Safety
 `error` is NULL or an error that was not freed.
 */
void quintet_error_free(struct quintet_error *error);

/*
 Adds a function that rules may call, to an engine that no scheme is made with yet. `parameters` are types joined by commas, such as
 `Int,Bytes`, and `result` is one: each Bool, Int, Float, Bytes or Ip. It is not called where an argument is nil; the call is nil then. The
 function and its context are kept as long as something that was made with the engine is.

 # Safety
 `engine` is an engine that no other call uses, the texts are there, the function may be called with the context by several threads at once,
 and `error` can be written to unless it is NULL.
 */
enum quintet_status quintet_engine_function(struct quintet_engine *engine,
                                            const uint8_t *name,
                                            size_t name_len,
                                            const uint8_t *parameters,
                                            size_t parameters_len,
                                            const uint8_t *result,
                                            size_t result_len,
                                            quintet_function function,
                                            void *context,
                                            struct quintet_error **error);

/*
 An instance of rules.

 # Safety
 `rules` are such, `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_instance_new(const struct quintet_rules *rules, struct quintet_instance **out, struct quintet_error **error);

/*
 Runs the rules on all records of a batch, which is of the scheme that they were compiled against.

 # Safety
 `instance` and `matches` are such that no other call uses, `batch` is a batch that none changes, and `error` can be written to unless it is
 NULL.
 */
enum quintet_status quintet_instance_run(struct quintet_instance *instance,
                                         const struct quintet_batch *batch,
                                         struct quintet_matches *matches,
                                         struct quintet_error **error);

/*
 Frees an instance.

 # Safety
 `instance` is NULL or an instance that was not freed.
 */
void quintet_instance_free(struct quintet_instance *instance);

/*
 Room for answers, to be used for any number of runs.

 # Safety
 `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_matches_new(struct quintet_matches **out, struct quintet_error **error);

/*
 How many records the last run was over.

 # Safety
 `matches` is NULL or such.
 */
size_t quintet_matches_records(const struct quintet_matches *matches);

/*
 How many rules the last run had.

 # Safety
 `matches` is NULL or such.
 */
size_t quintet_matches_rules(const struct quintet_matches *matches);

/*
 The records that a rule matches: bit `i % 64` of word `i / 64` is record `i`, and bits after the last record are 0. NULL where there is no
 such rule. There are `(records + 63) / 64` words, until the next run.

 # Safety
 `matches` is NULL or such.
 */
const uint64_t *quintet_matches_words(const struct quintet_matches *matches, size_t rule);

/*
 Whether a rule matches a record; false where there is no such rule or record.

 # Safety
 `matches` is NULL or such.
 */
bool quintet_matches_get(const struct quintet_matches *matches, size_t rule, size_t record);

/*
 How many traps there were.

 # Safety
 `matches` is NULL or such.
 */
size_t quintet_matches_traps(const struct quintet_matches *matches);

/*
 Trap `index`, counted from 0, in order of the records; false where there is none.

 # Safety
 `matches` is NULL or such, and `out` can be written to.
 */
bool quintet_matches_trap(const struct quintet_matches *matches, size_t index, struct quintet_trap *out);

/*
 Frees answers.

 # Safety
 `matches` is NULL or such that were not freed.
 */
void quintet_matches_free(struct quintet_matches *matches);

/*
 Compiles the rules of a text, against a scheme, with the backend of an id such as `closures` or `jit`. Where the text is wrong the error has
 diagnostics.

 # Safety
 `engine` and `scheme` are such, `source` and `backend` point to as many bytes as are said, `out` can be written to, and `error` too
 unless it is NULL.
 */
enum quintet_status quintet_rules_compile(const struct quintet_engine *engine,
                                          const struct quintet_scheme *scheme,
                                          const uint8_t *source,
                                          size_t source_len,
                                          const uint8_t *backend,
                                          size_t backend_len,
                                          struct quintet_rules **out,
                                          struct quintet_error **error);

/*
 How many rules there are; 0 for NULL.

 # Safety
 `rules` is NULL or such.
 */
size_t quintet_rules_count(const struct quintet_rules *rules);

/*
 The name of rule `index`, counted from 0; empty where there is none, or it has none.

 # Safety
 `rules` is NULL or such.
 */
struct quintet_text quintet_rules_name(const struct quintet_rules *rules, size_t index);

/*
 Frees rules. Their instances stay.

 # Safety
 `rules` is NULL or such that were not freed.
 */
void quintet_rules_free(struct quintet_rules *rules);

/*
 The scheme of a TOML text, as scheme files of the command line hold it, with the functions of an engine.

 # Safety
 `engine` is an engine, `data` points to `len` bytes, `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_scheme_from_toml(const struct quintet_engine *engine,
                                             const uint8_t *data,
                                             size_t len,
                                             struct quintet_scheme **out,
                                             struct quintet_error **error);

/*
 A scheme with a field for each column of an Arrow schema of a struct that can be one, with the functions of an engine. The schema is not
 released.

 # Safety
 `engine` is an engine, `schema` is one of Arrow's C data interface, `out` can be written to, and `error` too unless it is NULL.
 */
enum quintet_status quintet_scheme_from_arrow(const struct quintet_engine *engine,
                                              const struct ArrowSchema *schema,
                                              struct quintet_scheme **out,
                                              struct quintet_error **error);

/*
 How many fields a scheme has; 0 for NULL.

 # Safety
 `scheme` is NULL or a scheme.
 */
size_t quintet_scheme_fields(const struct quintet_scheme *scheme);

/*
 The name of field `index`, counted from 0; empty where there is none.

 # Safety
 `scheme` is NULL or a scheme.
 */
struct quintet_text quintet_scheme_name(const struct quintet_scheme *scheme, size_t index);

/*
 The number of the field of a name, for columns; false where there is none.

 # Safety
 `scheme` is NULL or a scheme, `data` points to `len` bytes, and `out` can be written to.
 */
bool quintet_scheme_field(const struct quintet_scheme *scheme, const uint8_t *data, size_t len, uint32_t *out);

/*
 Frees a scheme. What was made with it stays.

 # Safety
 `scheme` is NULL or a scheme that was not freed.
 */
void quintet_scheme_free(struct quintet_scheme *scheme);

/*
 Has the lines of an output go to a function of the host from now on. Lines of an output without one are not made. The function and its context
 are used until the instance is freed, by whichever thread runs it.

 # Safety
 `instance` is such that no other call uses, `output` points to as many bytes as are said, the function may be called with the context by
 whichever thread uses the instance, and `error` can be written to unless it is NULL.
 */
enum quintet_status quintet_instance_sink(struct quintet_instance *instance,
                                          const uint8_t *output,
                                          size_t output_len,
                                          quintet_sink sink,
                                          void *context,
                                          struct quintet_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QUINTET_H */
