"""Makes the small image goldens beside this script. Needs Pillow 12.3.0 and numpy; run it in this folder.

A picture drawn by formula is written in every encoding that matters (PNG by hand, because Pillow cannot write all of
them), read back with Pillow, and its results are recorded in images.json. bad.json lists files that must be refused or
reported. The form of both is that of the processor goldens.
"""
import hashlib
import io
import json
import math
import os
import struct
import zlib

import numpy
from PIL import Image

SETTINGS = {
    "do_resize": True, "do_center_crop": True, "do_rescale": True, "do_normalize": True, "do_convert_rgb": True,
    "size": {"shortest_edge": 224}, "use_square_size": True, "crop_size": {"height": 224, "width": 224}, "resample": 3,
    "rescale_factor": 0.00392156862745098, "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def picture(width, height):
    """Soft gradients, a hard edge and some grain."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            u, v = x / max(1, width - 1), y / max(1, height - 1)
            grain = (x * 7919 + y * 104729 + x * y * 31) % 23
            inside = (u - 0.4) ** 2 + (v - 0.55) ** 2 < 0.08
            color = (230 - 90 * v, 60 + 120 * u, 40) if inside else (40 + 150 * u, 90 + 80 * v, 200 - 120 * u * v)
            image.putpixel((x, y), tuple(min(255, int(c) + grain) for c in color))
    return image


# PNG by hand: any colour type, depth and interlacing.

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(kind, row, above, distance):
    result = bytearray([kind])
    for i, value in enumerate(row):
        left = row[i - distance] if i >= distance else 0
        up = above[i]
        corner = above[i - distance] if i >= distance else 0
        estimate = left + up - corner
        nearest = min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up), (abs(estimate - corner), 2, corner))
        predicted = (0, left, up, (left + up) // 2, nearest[2])[kind]
        result.append((value - predicted) & 255)
    return bytes(result)


def png_rows(source, color_type, depth, interlaced):
    width, height = source.size
    channels = CHANNELS[color_type]
    top = (1 << depth) - 1
    rows, number = b"", 0
    for x0, y0, step_x, step_y in PASSES if interlaced else [(0, 0, 1, 1)]:
        if x0 >= width or y0 >= height:
            continue
        above = None
        for y in range(y0, height, step_y):
            bits = ""
            for x in range(x0, width, step_x):
                red, green, blue = source.getpixel((x, y))
                alpha = (x * 9 + y * 5) % 256
                samples = {0: [green], 2: [red, green, blue], 3: [green], 4: [green, alpha], 6: [red, green, blue, alpha]}
                for sample in samples[color_type]:
                    wide = sample * top // 255 if depth < 16 else (sample * 257 + x * 13) % 65536 // (1 if x % 3 else 256)
                    bits += format(wide, f"0{depth}b")
            row = int(bits.ljust((len(bits) + 7) // 8 * 8, "0"), 2).to_bytes((len(bits) + 7) // 8, "big")
            rows += filtered(number % 5, row, above or bytes(len(row)), max(1, channels * depth // 8))
            above, number = row, number + 1
    return rows


def png_file(size, color_type, depth, interlaced, compressed, before=b"", pieces=1):
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, interlaced)
    step = math.ceil(len(compressed) / pieces)
    data = b"".join(chunk(b"IDAT", compressed[i : i + step]) for i in range(0, len(compressed), step))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + data + chunk(b"IEND", b"")


def png(color_type, depth, interlaced, before=b"", pieces=1, size=(19, 13)):
    if color_type == 3:
        before += chunk(b"PLTE", bytes((i * k) % 256 for i in range(1 << depth) for k in (37, 91, 151)))
    compressed = zlib.compress(png_rows(picture(*size), color_type, depth, interlaced), 9)
    return png_file(size, color_type, depth, interlaced, compressed, before, pieces)


def save(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_sampling(jpeg, luma):
    """Changes the sampling factors of the first component. The number of blocks must stay the same."""
    data, at = bytearray(jpeg), 2
    while data[at + 1] not in (0xC0, 0xC2):
        at += 2 + data[at + 2] * 256 + data[at + 3]
    data[at + 11] = luma
    return bytes(data)


def with_adobe(jpeg, transform):
    at = jpeg.find(b"Adobe")
    return jpeg[: at + 11] + bytes([transform]) + jpeg[at + 12 :]


def without_jfif(jpeg, app14=b""):
    return jpeg[:2] + app14 + jpeg[20:]


def good_files():
    for color_type, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for interlaced in (0, 1):
                name = f"png_type{color_type}_{depth}bit{'_interlaced' if interlaced else ''}.png"
                yield name, "PNG", png(color_type, depth, interlaced)
    yield "png_transparent_gray.png", "PNG with tRNS", png(0, 8, 0, chunk(b"tRNS", b"\0\7"))
    yield "png_many_chunks.png", "PNG, image data in 40 chunks", png(2, 8, 0, chunk(b"gAMA", b"\0\0\xb1\x8f"), 40)
    yield "png_1x1.png", "PNG", png(2, 8, 1, size=(1, 1))

    photo = picture(43, 29)
    for sampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            name = f"jpeg_{sampling.replace(':', '')}{'_progressive' if progressive else ''}.jpg"
            yield name, "JPEG", save(photo, "JPEG", subsampling=sampling, quality=80, progressive=progressive)
    square = picture(32, 32)
    upright = with_sampling(save(square, "JPEG", subsampling="4:2:2", quality=80), 0x12)
    yield "jpeg_440.jpg", "JPEG 4:4:0 (as a turned camera picture)", upright
    tall = with_sampling(save(square, "JPEG", subsampling="4:2:0", quality=80), 0x14)
    yield "jpeg_441.jpg", "JPEG, four rows of luma for one of chroma", tall
    yield "jpeg_restart.jpg", "JPEG with restart markers", save(photo, "JPEG", restart_marker_blocks=2)
    many = save(photo, "JPEG", restart_marker_blocks=2, progressive=True)
    yield "jpeg_restart_progressive.jpg", "JPEG progressive with restart markers", many
    yield "jpeg_gray.jpg", "JPEG grayscale", save(photo.convert("L"), "JPEG")
    yield "jpeg_gray_progressive.jpg", "JPEG grayscale, progressive", save(photo.convert("L"), "JPEG", progressive=True)
    cmyk = photo.convert("CMYK")
    yield "jpeg_cmyk.jpg", "JPEG CMYK", save(cmyk, "JPEG", quality=80)
    yield "jpeg_cmyk_420_progressive.jpg", "JPEG CMYK", save(cmyk, "JPEG", subsampling="4:2:0", progressive=True)
    yield "jpeg_ycck.jpg", "JPEG YCCK (Adobe transform 2)", with_adobe(save(cmyk, "JPEG", quality=80), 2)
    yield "jpeg_rgb.jpg", "JPEG that stores RGB", save(photo, "JPEG", keep_rgb=True)
    plain = save(photo, "JPEG", quality=90)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    yield "jpeg_adobe0.jpg", "JPEG, Adobe transform 0", without_jfif(plain, adobe + b"\0")
    yield "jpeg_no_header.jpg", "JPEG without JFIF or Adobe marker", without_jfif(plain)
    exif = Image.Exif()
    exif[0x112] = 6
    yield "jpeg_exif6.jpg", "JPEG with EXIF orientation 6", save(photo, "JPEG", exif=exif)
    yield "jpeg_trailing.jpg", "JPEG followed by other data", plain + b"something else"
    for width, height in ((1, 1), (2, 3), (5, 2), (17, 9)):
        yield f"jpeg_{width}x{height}.jpg", "JPEG", save(picture(width, height), "JPEG", subsampling="4:2:0")

    see_through = photo.copy()
    see_through.putalpha(Image.linear_gradient("L").resize(photo.size).point(lambda value: value // 2 * 2 - 60))
    yield "webp_lossy.webp", "WebP lossy", save(photo, "WEBP", quality=70)
    yield "webp_lossless.webp", "WebP lossless", save(photo, "WEBP", lossless=True)
    yield "webp_lossy_alpha.webp", "WebP lossy with alpha", save(see_through, "WEBP", quality=70)
    yield "webp_lossless_alpha.webp", "WebP lossless, colours under alpha 0", save(see_through, "WEBP", lossless=True, exact=True)
    yield "webp_1x1.webp", "WebP lossy", save(picture(1, 1), "WEBP")
    turned = photo.transpose(Image.Transpose.ROTATE_180)
    yield "webp_animated.webp", "WebP animation", save(photo, "WEBP", save_all=True, append_images=[turned], quality=70)


def flipped(data, at, mask=0xFF):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def bad_files():
    good = png(2, 8, 0)
    data_at = good.find(b"IDAT")
    yield "truncated.png", "PNG cut off in its image data", good[: data_at + 100]
    yield "crc_header.png", "PNG whose IHDR checksum is wrong", flipped(good, 30)
    yield "crc_data.png", "PNG whose IDAT checksum is wrong", flipped(good, len(good) - 14)
    rows = png_rows(picture(19, 13), 2, 8, 0)
    stream = zlib.compress(rows, 9)
    yield "deflate.png", "PNG whose deflate stream is broken", png_file((19, 13), 2, 8, 0, flipped(stream, 60))
    yield "adler.png", "PNG whose deflate checksum is wrong", png_file((19, 13), 2, 8, 0, flipped(stream, len(stream) - 1))
    yield "no_adler.png", "PNG whose deflate checksum is missing", png_file((19, 13), 2, 8, 0, stream[:-4])
    yield "short_data.png", "PNG with a row too few", png_file((19, 14), 2, 8, 0, stream)
    swollen = zlib.compress(rows + bytes(50_000_000), 9)
    yield "swollen.png", "PNG whose stream inflates to 50 MB more than the picture needs", png_file((19, 13), 2, 8, 0, swollen)
    yield "filter.png", "PNG with an unknown filter", png_file((19, 13), 2, 8, 0, zlib.compress(b"\x07" + rows[1:]))
    yield "bomb.png", "PNG that claims 60000x60000", png_file((60000, 60000), 2, 8, 0, zlib.compress(bytes(99)))
    yield "lying.png", "PNG that claims 8000x8000, 16-bit RGBA, interlaced", png_file((8000, 8000), 6, 16, 1, zlib.compress(bytes(99)))
    yield "no_width.png", "PNG of width 0", png_file((0, 13), 2, 8, 0, stream)
    yield "no_palette.png", "palette PNG without PLTE", png_file((2, 1), 3, 8, 0, zlib.compress(b"\0\0\1"))
    yield "no_data.png", "PNG without IDAT", good[:33] + chunk(b"IEND", b"")
    yield "no_end.png", "PNG without IEND", good[:-12]
    yield "depth.png", "PNG of 3 bits a sample", png_file((19, 13), 0, 3, 0, stream)
    yield "critical.png", "PNG with an unknown critical chunk", png(2, 8, 0, chunk(b"CgBI", b"\0\0\0\0"))
    yield "signature.png", "only a PNG signature", good[:8]
    yield "half_signature.png", "half a PNG signature", good[:4]

    baseline = save(picture(43, 29), "JPEG", quality=80)
    progressive = save(picture(43, 29), "JPEG", quality=80, progressive=True)
    scan_at = baseline.find(b"\xff\xda")
    yield "truncated.jpg", "JPEG cut off in its scan", baseline[: (scan_at + len(baseline)) // 2]
    yield "truncated_progressive.jpg", "progressive JPEG cut off", progressive[: len(progressive) * 2 // 3]
    yield "no_end.jpg", "JPEG without an end marker", baseline[:-2]
    yield "short_scan.jpg", "JPEG cut off in its scan, end marker put behind", baseline[: (scan_at + len(baseline)) // 2] + b"\xff\xd9"
    last_scan = progressive.rfind(b"\xff\xda")
    yield "missing_scans.jpg", "progressive JPEG without its last scan", progressive[:last_scan] + b"\xff\xd9"
    second_scan = progressive.find(b"\xff\xda", progressive.find(b"\xff\xda") + 2)
    yield "only_dc.jpg", "progressive JPEG with its first scan alone", progressive[:second_scan] + b"\xff\xd9"
    yield "no_scan.jpg", "JPEG without a scan", baseline[:scan_at] + b"\xff\xd9"
    restarts = save(picture(43, 29), "JPEG", restart_marker_blocks=1)
    yield "restart_lost.jpg", "JPEG whose second restart marker is gone", restarts.replace(b"\xff\xd1", b"")
    yield "padding.jpg", "JPEG with junk before its end marker", baseline[:-2] + b"junk" + b"\xff\xd9"
    frame_at = baseline.find(b"\xff\xc0")
    claim = baseline[: frame_at + 5] + struct.pack(">HH", 65500, 65500) + baseline[frame_at + 9 :]
    yield "bomb.jpg", "JPEG that claims 65500x65500", claim
    claim = baseline[: frame_at + 5] + struct.pack(">HH", 8000, 8000) + baseline[frame_at + 9 :]
    yield "lying.jpg", "JPEG that claims 8000x8000", claim
    frame_at = progressive.find(b"\xff\xc2")
    claim = progressive[: frame_at + 5] + struct.pack(">HH", 8000, 8000) + progressive[frame_at + 9 :]
    yield "lying_progressive.jpg", "progressive JPEG that claims 8000x8000", claim
    arithmetic = baseline.replace(b"\xff\xc0", b"\xff\xc9")
    yield "arithmetic.jpg", "JPEG marked as arithmetic-coded", arithmetic
    tables_at = baseline.find(b"\xff\xc4")
    yield "huffman.jpg", "JPEG whose Huffman table has too many codes", baseline[: tables_at + 5] + b"\xff" * 16 + baseline[tables_at + 21 :]
    yield "no_tables.jpg", "JPEG without Huffman tables", baseline[:tables_at] + baseline[scan_at:]
    yield "start.jpg", "only the start of a JPEG", baseline[:3]

    webp = save(picture(43, 29), "WEBP", quality=70)
    lossless = save(picture(43, 29), "WEBP", lossless=True)
    yield "truncated.webp", "WebP shorter than its header says", webp[: len(webp) // 2]
    for name, data in (("short", webp), ("short_lossless", lossless)):
        kept = len(data) // 4 * 2
        sizes = struct.pack("<I", kept - 8), struct.pack("<I", kept - 20)
        yield f"{name}.webp", "WebP cut off, its sizes corrected", data[:4] + sizes[0] + data[8:16] + sizes[1] + data[20:kept]
    claim = webp[:26] + struct.pack("<HH", 16383, 16383) + webp[30:]
    yield "bomb.webp", "WebP that claims 16383x16383", claim
    yield "no_picture.webp", "WebP container without a picture", b"RIFF\x0c\0\0\0WEBPXMP \0\0\0\0"

    yield "empty.png", "no bytes", b""
    yield "text.png", "plain text", b"This is not an image.\n"
    yield "picture.gif", "GIF", save(picture(9, 9), "GIF")
    yield "picture.bmp", "BMP", save(picture(9, 9), "BMP")
    yield "drawing.svg", "SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def samples(image):
    width, height = image.size
    places = {(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width // 2, height // 2)}
    return [{"x": x, "y": y, "rgb": list(image.getpixel((x, y)))} for x, y in sorted(places)]


def training_crop(image):
    width, height = image.size
    short, long = min(width, height), max(width, height)
    if long > 20 * short:
        return None
    size = [224 if side == short else int(224 * long / short) for side in (width, height)]
    resized = image.resize(tuple(size), Image.Resampling.BICUBIC) if short != 224 else image
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    view = resized.crop((left, top, left + 224, top + 224))
    return {"resized_width": size[0], "resized_height": size[1], "left": left, "top": top,
            "rgb_sha256": sha256(view.tobytes()), "samples": samples(view)}


def pixel_values(resized):
    scaled = (numpy.asarray(resized).astype(numpy.float64) * SETTINGS["rescale_factor"]).astype(numpy.float32)
    mean, std = (numpy.array(SETTINGS[key], numpy.float32) for key in ("image_mean", "image_std"))
    return numpy.ascontiguousarray(((scaled - mean) / std).transpose(2, 0, 1))


def record(name, kind, data):
    stored = Image.open(io.BytesIO(data))
    image = stored.convert("RGB")
    resized = image.resize((224, 224), Image.Resampling.BICUBIC)
    values = pixel_values(resized)
    places = [(0, 0, 0), (1, 0, 223), (2, 223, 223), (0, 112, 112), (1, 181, 57), (2, 40, 99)]
    return {
        "file": f"images/{name}", "kind": kind, "pil_mode": stored.mode, "width": image.width, "height": image.height,
        "lossy": kind.startswith("JPEG") or "lossy" in kind,
        "decoded_rgb_sha256": sha256(image.tobytes()), "decoded_samples": samples(image), "decoded_png": None,
        "resized_rgb_sha256": sha256(resized.tobytes()), "resized_png": None,
        "pixel_values_sha256": sha256(values.tobytes()),
        "pixel_values_samples": [{"c": c, "y": y, "x": x, "value": float(values[c, y, x])} for c, y, x in places],
        "pixel_values_min": float(values.min()), "pixel_values_max": float(values.max()),
        "training_crop": training_crop(image),
    }


def write(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}", "wb") as file:
        file.write(data)


def lines(records):
    return ",\n".join("  " + json.dumps(entry, separators=(",", ":")) for entry in records)


def main():
    images, bad = [], []
    for name, kind, data in good_files():
        write("images", name, data)
        images.append(record(name, kind, data))
    for name, what, data in bad_files():
        write("bad", name, data)
        bad.append({"file": f"bad/{name}", "what": what})
    with open("images.json", "w") as file:
        file.write(f'{{"preprocessor":{json.dumps(SETTINGS)},\n "images":[\n{lines(images)}\n]}}\n')
    with open("bad.json", "w") as file:
        file.write(f'{{"bad":[\n{lines(bad)}\n]}}\n')


main()
