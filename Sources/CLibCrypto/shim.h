// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
