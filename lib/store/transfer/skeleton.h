// SPDX-License-Identifier: Apache-2.0
// A layer's skeleton: its tar stream without the contents of the files that were unpacked from it.
// With the unpacked folder it gives the same bytes again, so that what is pushed or saved has the
// DiffID that the image config names; a tar written anew would not. A few thousandths of its size.
//
// `skeletons/<hex>` is a zstd stream of records; numbers are LEB128 (7 bits a byte, low ones
// first):
//   "dhow layer skeleton 1\n"
//   'R' length bytes     the stream's own bytes: headers, padding, what became no file
//   'F' length path size the contents of the regular file `path`
//   'S' length path      what was at `path` until here made room for a later entry of the same
//                        layer, and lies in `skeletons/<hex>.shadow/<number of this record>`
//   'E' total            bytes of the whole stream; the last record
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "base/unique_fd.h"
#include "store/transfer/decompress.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

class SkeletonWriter {
  public:
    // Creates `<name>.skeleton` in `folder`, and `<name>.shadow` there when something is buried.
    static Result<SkeletonWriter> create(int folder, const std::string& name);
    SkeletonWriter(SkeletonWriter&&) noexcept;
    SkeletonWriter& operator=(SkeletonWriter&&) noexcept;
    ~SkeletonWriter();

    Status raw(std::string_view bytes);
    Status file(std::string_view path, uint64_t size);
    // Moves `name` of the folder `parent`, which is `path` in the layer, out of the way.
    Status bury(int parent, const std::string& name, std::string_view path);
    Status finish();

  private:
    struct Stream;
    explicit SkeletonWriter(std::unique_ptr<Stream> stream);

    std::unique_ptr<Stream> stream_;
};

// A layer's tar stream, byte for byte.
class LayerStream {
  public:
    // `skeletons`: the folder of skeletons; `layer`: the unpacked folder. NotFound when the layer
    // has no skeleton, Corrupt when it is damaged.
    static Result<LayerStream> open(int skeletons, const std::string& hex, RootDir layer);

    [[nodiscard]] uint64_t size() const { return size_; }

    // Corrupt when a file is not as long as it was.
    Status write_to(const ByteSink& sink) const;

  private:
    struct Shadow {
        uint64_t position;  // which record it is
        std::string path;
    };

    LayerStream(UniqueFd skeleton, RootDir layer, UniqueFd shadows);
    Status scan();
    Result<UniqueFd> open_file(const std::string& path, uint64_t position) const;
    Status copy_file(const std::string& path,
                     uint64_t size,
                     uint64_t position,
                     const ByteSink& sink) const;

    UniqueFd skeleton_;
    RootDir layer_;
    UniqueFd shadows_;  // may be none
    std::vector<Shadow> shadowed_;
    uint64_t size_ = 0;
};

}  // namespace dhow::store
