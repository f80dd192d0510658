// SPDX-License-Identifier: Apache-2.0
#include "shim/fields.h"

#include "base/text.h"

namespace dhow::shim {

void FieldWriter::put(std::string_view key, std::string_view value) {
    bytes_ += key;
    bytes_ += '\0';
    bytes_ += value.substr(0, value.find('\0'));
    bytes_ += '\0';
}

void FieldWriter::put_number(std::string_view key, int64_t value) {
    put(key, std::to_string(value));
}

void FieldWriter::put_list(std::string_view key, const std::vector<std::string>& values) {
    for (const std::string& value : values) put(key, value);
}

Result<FieldReader> FieldReader::parse(std::string_view bytes, std::string_view what) {
    FieldReader reader;
    reader.what_ = what;
    while (!bytes.empty()) {
        const size_t key_end = bytes.find('\0');
        const size_t value_end =
            key_end == std::string_view::npos ? key_end : bytes.find('\0', key_end + 1);
        if (value_end == std::string_view::npos) return reader.corrupt("end");
        reader.fields_.emplace_back(bytes.substr(0, key_end),
                                    bytes.substr(key_end + 1, value_end - key_end - 1));
        bytes.remove_prefix(value_end + 1);
    }
    return reader;
}

Error FieldReader::corrupt(std::string_view key) const {
    return make_error(ErrorKind::Corrupt,
                      "read " + what_ + ": field '" + std::string(key) + "' is damaged");
}

Result<std::string> FieldReader::text(std::string_view key) const {
    for (const auto& [name, value] : fields_) {
        if (name == key) return value;
    }
    return corrupt(key);
}

Result<int64_t> FieldReader::number(std::string_view key, int64_t low, int64_t high) const {
    const auto value = parse_int<int64_t>(TRY(text(key)));
    if (!value || *value < low || *value > high) return corrupt(key);
    return *value;
}

Result<bool> FieldReader::flag(std::string_view key) const {
    return TRY(number(key, 0, 1)) == 1;
}

std::vector<std::string> FieldReader::list(std::string_view key) const {
    std::vector<std::string> values;
    for (const auto& [name, value] : fields_) {
        if (name == key) values.push_back(value);
    }
    return values;
}

}  // namespace dhow::shim
