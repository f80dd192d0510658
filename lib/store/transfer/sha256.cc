// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/sha256.h"

#include "base/text.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace dhow::store {

struct Sha256::Context {
    EVP_MD_CTX* handle = ::EVP_MD_CTX_new();

    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    ~Context() { ::EVP_MD_CTX_free(handle); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    // Fails only without memory or with a broken OpenSSL: then no digest may ever be believed.
    if (::EVP_DigestInit_ex(context_->handle, ::EVP_sha256(), nullptr) != 1) std::abort();
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
    if (::EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()) != 1) std::abort();
}

std::string Sha256::finish_hex() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    auto* bytes = reinterpret_cast<unsigned char*>(digest.data());
    if (::EVP_DigestFinal_ex(context_->handle, bytes, &size) != 1) std::abort();
    digest.resize(size);
    return to_hex(digest);
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish_hex();
}

}  // namespace dhow::store
