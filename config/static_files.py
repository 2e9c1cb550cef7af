"""Static files: names with their content's hash, compressed once when they are collected."""

from typing import Any

import brotli  # type: ignore[import-untyped]
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Above this size (bytes) the last tenth that can be squeezed out costs ten times as long.
_LARGE = 400_000


class _Compressor(Compressor):
    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return brotli.compress(data, quality=11 if len(data) < _LARGE else 9)


class Storage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which needs seconds for large files instead of half a minute."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return _Compressor(**kwargs)
