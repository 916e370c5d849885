using BoundedCache.Engine;
using CsCheck;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>What one call does to the engine.</summary>
internal enum HistoryOperationKind
{
    Get,
    Set,
    Remove,

    /// <summary>Removes the thread's latest entry with details by these details, as a token does.</summary>
    RemoveDetails,

    /// <summary>Finds an entry, and charges it anew if it is unchanged. Recorded as two operations.</summary>
    UpdateCharge,
    SetLimit,
    EvictDownToLimit,
    AdvanceClock,
    RemoveExpired,
    Clear,

    /// <summary>Stores entries without a charge, so that chunks and buckets are added.</summary>
    AddFillers,
    RemoveFillers,
    Trim,

    /// <summary>Marks an entry as used. Only the byte cache has it.</summary>
    Refresh,
}

/// <summary>One call of a program.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key's number.</param>
/// <param name="Amount">The charge, or the limit.</param>
/// <param name="Deadline">When the entry expires; 0 for never.</param>
/// <param name="HasDetails">Whether the entry is stored with details.</param>
internal readonly record struct HistoryOperation(
    HistoryOperationKind Kind, int Key, int Amount, int Deadline, bool HasDetails);

/// <summary>A small program: what each thread calls, one after the other, beside the others.</summary>
internal sealed record HistoryProgram(HistoryOperation[][] Threads)
{
    public const int MaxOperations = 6;

    public static Gen<HistoryProgram> Generate(HistorySetting setting) =>
        GenerateOperation(setting).Array[1, MaxOperations]
            .Array[2, HistoryThreads.Most]
            .Select(static threads => new HistoryProgram(threads));

    public override string ToString() => string.Join("\n", Threads.Select(static (operations, thread) =>
        $"thread {thread}: " + string.Join("; ", operations.Select(static operation =>
            $"{operation.Kind} key {operation.Key} amount {operation.Amount}"
                + $"{(operation.Deadline > 0 ? $" until {operation.Deadline}" : "")}"
                + $"{(operation.HasDetails ? " with details" : "")}"))));

    private static Gen<HistoryOperation> GenerateOperation(HistorySetting setting) => Gen.Select(
        Gen.Frequency([.. setting.Weights.Select(static weight => (weight.Weight, Gen.Const(weight.Kind)))]),
        Gen.Int[0, setting.KeyCount - 1],
        Gen.Int[1, HistoryModel.MaxAmount],
        Gen.Int[0, HistoryModel.MaxClock],
        Gen.Bool,
        static (kind, key, amount, deadline, hasDetails) =>
            new HistoryOperation(kind, key, amount, deadline, hasDetails));
}

/// <summary>What a run of histories starts from.</summary>
/// <param name="Limit">The limit at the beginning, in units of charge.</param>
/// <param name="KeyCount">How many keys the programs use.</param>
/// <param name="IsInChunks">
/// Whether the engine is filled so far that the keys are in the second chunk, out of which trimming moves them.
/// </param>
/// <param name="Weights">How often each operation comes.</param>
internal sealed record HistorySetting(
    int Limit, int KeyCount, bool IsInChunks, (HistoryOperationKind Kind, int Weight)[] Weights)
{
    /// <summary>Few slots and no pressure: entries expire, are removed, and the table grows and shrinks.</summary>
    public static HistorySetting Table { get; } = new(HistoryModel.MaxLimit, 3, IsInChunks: false,
    [
        (HistoryOperationKind.Get, 8), (HistoryOperationKind.Set, 8), (HistoryOperationKind.Remove, 4),
        (HistoryOperationKind.RemoveDetails, 2), (HistoryOperationKind.UpdateCharge, 2),
        (HistoryOperationKind.AdvanceClock, 2), (HistoryOperationKind.RemoveExpired, 1),
        (HistoryOperationKind.Clear, 1), (HistoryOperationKind.AddFillers, 3),
        (HistoryOperationKind.RemoveFillers, 1), (HistoryOperationKind.Trim, 1),
    ]);

    /// <summary>Entries are evicted, for others and for a lowered limit.</summary>
    public static HistorySetting Pressure { get; } = new(4, 4, IsInChunks: false,
    [
        (HistoryOperationKind.Get, 8), (HistoryOperationKind.Set, 8), (HistoryOperationKind.Remove, 2),
        (HistoryOperationKind.RemoveDetails, 1), (HistoryOperationKind.UpdateCharge, 4),
        (HistoryOperationKind.SetLimit, 2), (HistoryOperationKind.EvictDownToLimit, 2),
        (HistoryOperationKind.AdvanceClock, 1), (HistoryOperationKind.RemoveExpired, 1),
        (HistoryOperationKind.Clear, 1),
    ]);

    /// <summary>Entries move from one chunk to another.</summary>
    public static HistorySetting Chunks { get; } = new(HistoryModel.MaxLimit, 3, IsInChunks: true,
    [
        (HistoryOperationKind.Get, 12), (HistoryOperationKind.Set, 4), (HistoryOperationKind.Remove, 2),
        (HistoryOperationKind.RemoveDetails, 2), (HistoryOperationKind.UpdateCharge, 1),
        (HistoryOperationKind.AddFillers, 2), (HistoryOperationKind.RemoveFillers, 2),
        (HistoryOperationKind.Trim, 4),
    ]);
}

/// <summary>An operation that ended: when it was called, when it returned, and what.</summary>
/// <param name="Operation">What was called.</param>
/// <param name="Id">The number of the value that it stores, or that it found before.</param>
/// <param name="Result">
/// Of a lookup: the number of the value found, 0 for none. Of the others: whether it stored or removed something, or
/// the <see cref="ChargeUpdate"/>.
/// </param>
/// <param name="Began">A number drawn before the call.</param>
/// <param name="Ended">A number drawn after it.</param>
internal readonly record struct HistoryEvent(
    HistoryOperation Operation, int Id, int Result, long Began, long Ended)
{
    public override string ToString() =>
        $"{Began,3} to {Ended,3}: {Operation.Kind} key {Operation.Key} amount {Operation.Amount} value {Id}"
            + $"{(Operation.Deadline > 0 ? $" until {Operation.Deadline}" : "")} -> {Result}";
}
