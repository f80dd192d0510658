// SPDX-License-Identifier: Apache-2.0
// Key-value bytes for the shim's config, status and exit record: "key NUL value NUL ...". Values
// hold anything but NUL; a key may repeat. So small that the shim needs no JSON, so strict that
// damaged bytes are an error and never a guess.
#pragma once

#include "base/process.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dhow::shim {

class FieldWriter {
  public:
    void put(std::string_view key, std::string_view value);
    void put_number(std::string_view key, int64_t value);
    void put_list(std::string_view key, const std::vector<std::string>& values);

    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

class FieldReader {
  public:
    // `what` names the document in errors.
    static Result<FieldReader> parse(std::string_view bytes, std::string_view what);

    // The first value of `key`; an error when it is missing.
    [[nodiscard]] Result<std::string> text(std::string_view key) const;
    // A whole decimal number in [low, high].
    [[nodiscard]] Result<int64_t> number(std::string_view key, int64_t low, int64_t high) const;
    [[nodiscard]] Result<bool> flag(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const;

    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
        return fields_;
    }

    [[nodiscard]] Error corrupt(std::string_view key) const;

  private:
    std::string what_;
    std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace dhow::shim
