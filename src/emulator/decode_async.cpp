// SPDX-License-Identifier: Apache-2.0
#include "emulator/decoder.hpp"
namespace cupel::emulator {
Result<void> Decoder::copy_async(const Instruction& in) {
    return refuse(in);
}
Result<void> Decoder::mbarrier(const Instruction& in) {
    return refuse(in);
}
Result<void> Decoder::load_matrix(const Instruction& in) {
    return refuse(in);
}
Result<void> Decoder::multiply(const Instruction& in) {
    return refuse(in);
}
Result<void> Decoder::warp_matrix(const Instruction& in) {
    return refuse(in);
}
}  // namespace cupel::emulator
