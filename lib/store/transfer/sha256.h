// SPDX-License-Identifier: Apache-2.0
// SHA-256 by OpenSSL's EVP interface, for dhow-transfer alone (the first call loads the provider:
// 0.9 ms).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace dhow::store {

class Sha256 {
  public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::string_view bytes);
    // 64 lower-case digits; the object is spent.
    std::string finish_hex();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace dhow::store
