using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// The hash of values of more than 32 bits: numbers, times, and tuples. Their own <see cref="object.GetHashCode"/> does
/// not protect the cache: a stranger can choose thousands of keys with one hash code. That of numbers, times and
/// <see cref="Tuple"/> has no secret. That of <see cref="ValueTuple"/> has one, and chosen keys cancel it out.
/// </summary>
/// <remarks>
/// Each is hashed by what its Equals compares, so that equal keys have equal hashes. Elements of tuples that are values
/// are boxed for it, 24 bytes or more each.
/// </remarks>
internal static class WideKeyHasher
{
    /// <summary>Whether a type compares as the runtime's tuples do. Weak: it keeps no type alive.</summary>
    private static readonly ConditionalWeakTable<Type, StrongBox<bool>> s_tuples = [];

    /// <summary>The hash of a key, if it is of one of these types.</summary>
    public static bool TryHash(object key, out int hash)
    {
        if (key is not ValueType)
        {
            // Tuple is a class. Other classes cannot be one of these types, and have a hash code of their own.
            hash = 0;
            return key is ITuple tuple && TryHashTuple(tuple, out hash);
        }

        Type type = key.GetType();
        if (type == typeof(DateTime))
        {
            // Ticks and not the kind: Equals does not compare it.
            hash = KeyHasher.Hash((ulong)Unsafe.Unbox<DateTime>(key).Ticks);
        }
        else if (type == typeof(DateTimeOffset))
        {
            hash = KeyHasher.Hash((ulong)Unsafe.Unbox<DateTimeOffset>(key).UtcTicks);
        }
        else if (type == typeof(TimeSpan))
        {
            hash = KeyHasher.Hash((ulong)Unsafe.Unbox<TimeSpan>(key).Ticks);
        }
        else if (type == typeof(TimeOnly))
        {
            hash = KeyHasher.Hash((ulong)Unsafe.Unbox<TimeOnly>(key).Ticks);
        }
        else if (type == typeof(double))
        {
            hash = Hash(Unsafe.Unbox<double>(key));
        }
        else if (type == typeof(decimal))
        {
            hash = Hash(Unsafe.Unbox<decimal>(key));
        }
        else if (type == typeof(Int128))
        {
            hash = Hash((UInt128)Unsafe.Unbox<Int128>(key));
        }
        else if (type == typeof(UInt128))
        {
            hash = Hash(Unsafe.Unbox<UInt128>(key));
        }
        else if (type == typeof(ulong))
        {
            hash = KeyHasher.Hash(Unsafe.Unbox<ulong>(key));
        }
        else if (type == typeof(nint))
        {
            hash = KeyHasher.Hash((ulong)Unsafe.Unbox<nint>(key));
        }
        else if (type == typeof(nuint))
        {
            hash = KeyHasher.Hash(Unsafe.Unbox<nuint>(key));
        }
        else if (type.IsEnum)
        {
            return TryHashEnum(key, type, out hash);
        }
        else if (type == typeof((int, int)))
        {
            // As any other tuple, but without a box for each element. It equals no key of another type.
            (int low, int high) = Unsafe.Unbox<(int, int)>(key);
            hash = KeyHasher.Hash((uint)low | ((ulong)(uint)high << 32));
        }
        else
        {
            hash = 0;
            return key is ITuple tuple && TryHashTuple(tuple, out hash);
        }

        return true;
    }

    /// <summary>The same value has the same bits, except for zeros of either sign and what is not a number.</summary>
    private static int Hash(double key) => KeyHasher.Hash(
        key == 0 ? 0 : double.IsNaN(key) ? BitConverter.DoubleToUInt64Bits(double.NaN)
            : BitConverter.DoubleToUInt64Bits(key));

    /// <summary>The same number may have more or fewer zeros at its end.</summary>
    [SkipLocalsInit]
    private static int Hash(decimal key)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(key, bits);
        var digits = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        int scale = key.Scale;

        // An odd number ends with no zero.
        while (scale > 0 && UInt128.IsEvenInteger(digits))
        {
            (UInt128 quotient, UInt128 remainder) = UInt128.DivRem(digits, 10);
            if (remainder != UInt128.Zero)
            {
                break;
            }

            (digits, scale) = (quotient, scale - 1);
        }

        // 96 bits of digits; the scale and the sign above them.
        uint rest = digits == UInt128.Zero ? 0 : (uint)scale | (decimal.IsNegative(key) ? 1u << 31 : 0);
        return Hash(digits | ((UInt128)rest << 96));
    }

    private static int Hash(UInt128 key) => KeyHasher.Hash((ulong)key, (ulong)(key >> 64));

    /// <summary>Enumerations of up to 32 bits keep their hash code, which is their value.</summary>
    private static bool TryHashEnum(object key, Type type, out int hash)
    {
        TypeCode code = Type.GetTypeCode(type);
        hash = code == TypeCode.Int64 ? KeyHasher.Hash((ulong)Unsafe.Unbox<long>(key))
            : code == TypeCode.UInt64 ? KeyHasher.Hash(Unsafe.Unbox<ulong>(key))
            : 0;
        return code is TypeCode.Int64 or TypeCode.UInt64;
    }

    private static bool TryHashTuple(ITuple tuple, out int hash)
    {
        if (!s_tuples.GetValue(tuple.GetType(), static type => new(ComparesAsTuple(type))).Value)
        {
            hash = 0;
            return false;
        }

        // All elements, also those of a tuple that carries on beyond seven: the tuple's own hash code leaves some out.
        ulong state = 0;
        for (int i = 0; i < tuple.Length; i++)
        {
            state = KeyHasher.Combine(state, tuple[i] is { } element ? KeyHasher.HashElement(element) : 0);
        }

        hash = KeyHasher.Finish(state);
        return true;
    }

    /// <summary>
    /// Only the runtime's own, and what derives from them and changes nothing of it: such an object equals the tuple
    /// with the same elements. Another class of the application may compare as it likes.
    /// </summary>
    private static bool ComparesAsTuple(Type type)
    {
        Type? tuple = type;
        while (tuple is not null && !(tuple.IsGenericType && tuple.Assembly == typeof(object).Assembly))
        {
            tuple = tuple.BaseType;
        }

        return tuple is not null && tuple.IsAssignableTo(typeof(ITuple)) && (tuple == type || InheritsAll(type, tuple));
    }

    /// <summary>Whether a class derived from a tuple compares by the tuple's methods.</summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "Methods that override others are kept with the types that have them.")]
    private static bool InheritsAll(Type type, Type tuple)
    {
        // Native AOT may have a method and not tell of it.
        return RuntimeFeature.IsDynamicCodeSupported
            && type.GetMethod(nameof(Equals), [typeof(object)])!.DeclaringType == tuple
            && type.GetMethod(nameof(GetHashCode), [])!.DeclaringType == tuple
            && type.GetInterfaceMap(typeof(ITuple)).TargetMethods.All(method => method.DeclaringType == tuple);
    }
}
