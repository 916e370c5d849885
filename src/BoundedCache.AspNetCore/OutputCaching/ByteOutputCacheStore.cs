using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Caching.Distributed;

namespace BoundedCache.AspNetCore.OutputCaching;

/// <summary>Cached responses in a byte cache.</summary>
/// <remarks>
/// An entry's tags stand before its response, in the same value: so they are charged, and leave with it. There is no
/// index over tags that could outgrow the limit; removing a tag looks at every entry, in steps that hold up no others.
/// Format: a mark, the length of all tags in bytes, then for each its length in bytes and its UTF-16.
/// </remarks>
internal sealed class ByteOutputCacheStore(BoundedByteCache cache) : IOutputCacheBufferStore
{
    private const int LengthBytes = sizeof(int);

    /// <summary>Bytes before the first tag: the mark and the length of all tags.</summary>
    private const int HeaderBytes = sizeof(int) + LengthBytes;

    /// <summary>What values of this store begin with, so that those of others are not taken for them.</summary>
    private const int Mark = unchecked((int)0x9E8B_C0A7);

    public ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tag);
        _ = cache.RemoveByValue((value, whole) => HasTag(value, whole, MemoryMarshal.AsBytes(tag.AsSpan())));
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken)
    {
        using var value = new RentedWriter(cache.ClearsMemory);
        return ValueTask.FromResult(cache.TryGet(key, value) && ResponseAt(value.Written) is >= 0 and int at
            ? value.Written[at..].ToArray()
            : null);
    }

    public async ValueTask<bool> TryGetAsync(
        string key, PipeWriter destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var value = new RentedWriter(cache.ClearsMemory);
        if (!cache.TryGet(key, value) || ResponseAt(value.Written) is not (>= 0 and int at))
        {
            return false;
        }

        _ = await destination.WriteAsync(value.WrittenMemory[at..], cancellationToken);
        return true;
    }

    public ValueTask SetAsync(
        string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, new ReadOnlySequence<byte>(value), tags, validFor, cancellationToken);
    }

    public ValueTask SetAsync(
        string key,
        ReadOnlySequence<byte> value,
        ReadOnlyMemory<string> tags,
        TimeSpan validFor,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (validFor <= TimeSpan.Zero)
        {
            _ = cache.Remove(key);
            return ValueTask.CompletedTask;
        }

        byte[] marks = Encode(tags.Span);
        var first = new Segment(marks, 0);
        Segment last = first;
        foreach (ReadOnlyMemory<byte> piece in value)
        {
            last = last.Append(piece);
        }

        _ = cache.Set(
            key,
            new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length),
            new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = validFor });
        return ValueTask.CompletedTask;
    }

    private static byte[] Encode(ReadOnlySpan<string> tags)
    {
        int length = HeaderBytes;
        foreach (string tag in tags)
        {
            ArgumentNullException.ThrowIfNull(tag, nameof(tags));
            length += LengthBytes + (tag.Length * sizeof(char));
        }

        byte[] marks = new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(marks, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(marks.AsSpan(sizeof(int)), length - HeaderBytes);
        Span<byte> rest = marks.AsSpan(HeaderBytes);
        foreach (string tag in tags)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(tag.AsSpan());
            BinaryPrimitives.WriteInt32LittleEndian(rest, bytes.Length);
            bytes.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + bytes.Length)..];
        }

        return marks;
    }

    /// <summary>
    /// Whether a value has a tag. Where not all of its tags can be seen it counts as having it: a page too many is
    /// rendered again. A value without the mark, which somebody else put into the cache, has no tags.
    /// </summary>
    /// <param name="value">Its beginning.</param>
    /// <param name="whole">The length of all of it.</param>
    /// <param name="tag">The tag.</param>
    private static bool HasTag(ReadOnlySpan<byte> value, int whole, ReadOnlySpan<byte> tag)
    {
        if (value.Length < HeaderBytes)
        {
            // Its key fills what can be seen of it.
            return whole >= HeaderBytes;
        }

        if (TagBytes(value, whole) is not (>= 0 and int length))
        {
            return false;
        }

        if (length > value.Length - HeaderBytes)
        {
            return true;
        }

        ReadOnlySpan<byte> rest = value.Slice(HeaderBytes, length);
        while (rest.Length >= LengthBytes
            && BinaryPrimitives.ReadInt32LittleEndian(rest) is int one && IsLength(one, rest.Length))
        {
            if (rest.Slice(LengthBytes, one).SequenceEqual(tag))
            {
                return true;
            }

            rest = rest[(LengthBytes + one)..];
        }

        return false;
    }

    /// <summary>Whether what stands after a length can be so long.</summary>
    private static bool IsLength(int length, int whole) => length >= 0 && length <= whole - LengthBytes;

    /// <summary>The length of all tags, from a value's beginning.</summary>
    /// <returns>-1 in a value that somebody else put into the cache.</returns>
    private static int TagBytes(ReadOnlySpan<byte> value, int whole) =>
        value.Length >= HeaderBytes
            && BinaryPrimitives.ReadInt32LittleEndian(value) == Mark
            && BinaryPrimitives.ReadInt32LittleEndian(value[sizeof(int)..]) is int length
            && IsLength(length, whole - sizeof(int))
                ? length
                : -1;

    /// <summary>Where the response begins.</summary>
    /// <returns>-1 in a value that somebody else put into the cache.</returns>
    private static int ResponseAt(ReadOnlySpan<byte> value) =>
        TagBytes(value, value.Length) is >= 0 and int length ? HeaderBytes + length : -1;

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
