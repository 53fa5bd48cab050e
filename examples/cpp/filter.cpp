// Which rules match which records of a table, from C++17. As examples/c/filter.c, with objects that free what they hold.
//
//     c++ -std=c++17 filter.cpp -o filter $(pkg-config --cflags --libs quintet)
//     ./filter RULES SCHEME.toml TABLE.tsv BACKEND
#include <quintet.hpp>

#include <arpa/inet.h>
#include <fstream>
#include <iostream>
#include <sstream>

static std::string text_of(const char *path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(std::string(path) + ": cannot be read");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

static int run(char **argv) {
    quintet::Engine engine;
    quintet::Scheme scheme(engine, text_of(argv[2]));
    quintet::Rules rules(engine, scheme, text_of(argv[1]), argv[4]);
    quintet::Instance instance(rules); // one for each thread
    quintet::Batch batch(scheme);
    quintet::Matches matches;

    std::vector<std::int64_t> ports;
    std::vector<std::int32_t> offsets{0};
    std::vector<std::uint8_t> valid;
    std::vector<in_addr> addresses;
    std::string hosts;
    std::ifstream table(argv[3]);
    for (std::string port, host, src; std::getline(table, port, '\t') && std::getline(table, host, '\t') && std::getline(table, src);) {
        if (ports.size() % 8 == 0) valid.push_back(0);
        if (!host.empty()) valid.back() |= 1 << ports.size() % 8;
        ports.push_back(std::stoll(port));
        hosts += host;
        offsets.push_back(static_cast<std::int32_t>(hosts.size()));
        addresses.emplace_back();
        inet_pton(AF_INET, src.c_str(), &addresses.back());
    }
    std::vector<quintet_column> columns(3);
    columns[0].field = scheme.field("port"), columns[0].kind = QUINTET_KIND_I64, columns[0].values = ports.data();
    columns[1].field = scheme.field("host"), columns[1].kind = QUINTET_KIND_BYTES32, columns[1].values = offsets.data();
    columns[1].data = quintet::bytes(hosts), columns[1].data_len = hosts.size(), columns[1].valid = valid.data();
    columns[2].field = scheme.field("src"), columns[2].kind = QUINTET_KIND_IP4, columns[2].values = addresses.data();

    batch.fill(columns, ports.size());
    instance.run(batch, matches);
    for (std::size_t record = 0; record < matches.records(); record++)
        for (std::size_t rule = 0; rule < matches.rules(); rule++)
            if (matches(rule, record)) std::cout << rules.name(rule) << '\t' << record + 1 << '\n';
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        std::cerr << "usage: " << argv[0] << " RULES SCHEME.toml TABLE.tsv BACKEND\n";
        return 2;
    }
    try {
        return run(argv);
    } catch (const quintet::Error &error) {
        std::cerr << error.what() << '\n';
        for (const auto &found : error.diagnostics())
            std::cerr << "  bytes " << found.start << " to " << found.end << ": " << found.message << " (" << found.help << ")\n";
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
    }
    return 1;
}
