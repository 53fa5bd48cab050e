// The C interface of Quintet for C++17: objects that free what they hold, and exceptions.
#ifndef QUINTET_HPP
#define QUINTET_HPP

#include "quintet.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace quintet {

/// A finding in the text of rules.
struct Diagnostic {
    bool is_error;
    std::string code, message, label, help;
    std::uint32_t start, end;
};

inline std::string_view view(quintet_text text) {
    return {reinterpret_cast<const char *>(text.data), text.len};
}

/// What went wrong: the message, and what is wrong with rules.
class Error : public std::runtime_error {
public:
    explicit Error(quintet_error *error) : std::runtime_error(std::string(view(quintet_error_message(error)))), status_(quintet_error_status(error)) {
        quintet_diagnostic found;
        for (std::size_t i = 0; quintet_error_diagnostic(error, i, &found); i++) {
            auto text = [](quintet_text t) { return std::string(view(t)); };
            diagnostics_.push_back({found.is_error, text(found.code), text(found.message), text(found.label), text(found.help), found.start, found.end});
        }
        quintet_error_free(error);
    }
    quintet_status status() const { return status_; }
    const std::vector<Diagnostic> &diagnostics() const { return diagnostics_; }

private:
    quintet_status status_;
    std::vector<Diagnostic> diagnostics_;
};

/// Throws unless a call did what it was asked for. The call is given where its error goes to.
template <typename Call> void checked(Call call) {
    quintet_error *error = nullptr;
    if (call(&error) != QUINTET_STATUS_OK) throw Error(error);
}

template <typename T, void (*Free)(T *)> struct Freed {
    void operator()(T *object) const { Free(object); }
};
/// An object of the C interface that is freed at its end. `get()` is what C functions take.
template <typename T, void (*Free)(T *)> using Handle = std::unique_ptr<T, Freed<T, Free>>;

inline const std::uint8_t *bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t *>(text.data()); }

/// What rules are compiled with.
class Engine : public Handle<quintet_engine, quintet_engine_free> {
public:
    Engine() {
        quintet_engine *made = nullptr;
        checked([&](quintet_error **error) { return quintet_engine_new(&made, error); });
        reset(made);
    }
};

/// The fields of records.
class Scheme : public Handle<quintet_scheme, quintet_scheme_free> {
public:
    Scheme(const Engine &engine, std::string_view toml) {
        quintet_scheme *made = nullptr;
        checked([&](quintet_error **error) { return quintet_scheme_from_toml(engine.get(), bytes(toml), toml.size(), &made, error); });
        reset(made);
    }
    /// The number of a field, for columns.
    std::uint32_t field(std::string_view name) const {
        std::uint32_t field = 0;
        if (!quintet_scheme_field(get(), bytes(name), name.size(), &field)) throw std::out_of_range("no field " + std::string(name));
        return field;
    }
};

/// Compiled rules, for any number of threads.
class Rules : public Handle<quintet_rules, quintet_rules_free> {
public:
    Rules(const Engine &engine, const Scheme &scheme, std::string_view source, std::string_view backend) {
        quintet_rules *made = nullptr;
        checked([&](quintet_error **error) {
            return quintet_rules_compile(engine.get(), scheme.get(), bytes(source), source.size(), bytes(backend), backend.size(), &made, error);
        });
        reset(made);
    }
    std::size_t size() const { return quintet_rules_count(get()); }
    std::string_view name(std::size_t rule) const { return view(quintet_rules_name(get(), rule)); }
};

/// Records, of columns.
class Batch : public Handle<quintet_batch, quintet_batch_free> {
public:
    explicit Batch(const Scheme &scheme) {
        quintet_batch *made = nullptr;
        checked([&](quintet_error **error) { return quintet_batch_new(scheme.get(), &made, error); });
        reset(made);
    }
    void fill(const std::vector<quintet_column> &columns, std::size_t rows) {
        checked([&](quintet_error **error) { return quintet_batch_fill(get(), columns.data(), columns.size(), rows, error); });
    }
};

/// Answers.
class Matches : public Handle<quintet_matches, quintet_matches_free> {
public:
    Matches() {
        quintet_matches *made = nullptr;
        checked([&](quintet_error **error) { return quintet_matches_new(&made, error); });
        reset(made);
    }
    bool operator()(std::size_t rule, std::size_t record) const { return quintet_matches_get(get(), rule, record); }
    std::size_t records() const { return quintet_matches_records(get()); }
    std::size_t rules() const { return quintet_matches_rules(get()); }
    std::size_t traps() const { return quintet_matches_traps(get()); }
};

/// One thread's way to run rules.
class Instance : public Handle<quintet_instance, quintet_instance_free> {
public:
    explicit Instance(const Rules &rules) {
        quintet_instance *made = nullptr;
        checked([&](quintet_error **error) { return quintet_instance_new(rules.get(), &made, error); });
        reset(made);
    }
    void run(const Batch &batch, Matches &matches) {
        checked([&](quintet_error **error) { return quintet_instance_run(get(), batch.get(), matches.get(), error); });
    }
};

} // namespace quintet

#endif
