namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>The checker itself: histories that are right, and wrong ones.</summary>
[Collection(StressTests.Name)]
public class LinearizabilityCheckerTests
{
    private readonly List<HistoryEvent> _history = [];
    private readonly int[] _deadlines = new int[HistoryModel.MaxIds];
    private ulong _initial = HistoryModel.Empty(HistoryModel.MaxLimit);

    [Fact]
    public void A_lookup_beside_a_store_may_find_it_or_not()
    {
        Add(HistoryOperationKind.Set, id: 1, result: 1, from: 1, to: 4);
        Add(HistoryOperationKind.Get, result: 0, from: 2, to: 3);
        AssertLinearizable(true);

        _history.Clear();
        Add(HistoryOperationKind.Set, id: 1, result: 1, from: 1, to: 4);
        Add(HistoryOperationKind.Get, result: 1, from: 2, to: 3);
        AssertLinearizable(true);
    }

    [Fact]
    public void A_lookup_after_a_store_finds_it()
    {
        Add(HistoryOperationKind.Set, id: 1, result: 1, from: 1, to: 2);
        Add(HistoryOperationKind.Get, result: 0, from: 3, to: 4);
        AssertLinearizable(false);
    }

    [Fact]
    public void A_value_that_was_found_does_not_give_way_to_an_older_one()
    {
        _initial = HistoryModel.With(_initial, 0, 9, 1);
        Add(HistoryOperationKind.Set, id: 1, result: 1, from: 1, to: 6);
        Add(HistoryOperationKind.Get, result: 1, from: 2, to: 3);
        Add(HistoryOperationKind.Get, result: 9, from: 4, to: 5);
        AssertLinearizable(false);
    }

    [Fact]
    public void An_entry_is_removed_once()
    {
        _initial = HistoryModel.With(_initial, 0, 9, 1);
        Add(HistoryOperationKind.Remove, result: 1, from: 1, to: 4);
        Add(HistoryOperationKind.Remove, result: 1, from: 2, to: 3);
        AssertLinearizable(false);
    }

    [Fact]
    public void An_entry_that_replaces_another_evicts_no_third_without_need()
    {
        _initial = HistoryModel.With(HistoryModel.With(HistoryModel.Empty(2), 0, 9, 1), 1, 8, 1);
        Add(HistoryOperationKind.Set, id: 1, result: 1, from: 1, to: 2);
        Add(HistoryOperationKind.Get, key: 1, result: 0, from: 3, to: 4);
        AssertLinearizable(false);
    }

    [Fact]
    public void An_entry_for_which_there_is_no_room_evicts_one_and_not_both()
    {
        _initial = HistoryModel.With(HistoryModel.With(HistoryModel.Empty(2), 0, 9, 1), 1, 8, 1);
        Add(HistoryOperationKind.Set, key: 2, id: 1, result: 1, from: 1, to: 2);
        Add(HistoryOperationKind.Get, key: 0, result: 0, from: 3, to: 4);
        AssertLinearizable(true);

        Add(HistoryOperationKind.Get, key: 1, result: 0, from: 5, to: 6);
        AssertLinearizable(false);
    }

    [Fact]
    public void An_expired_entry_is_not_found()
    {
        _initial = HistoryModel.With(_initial, 0, 9, 1);
        _deadlines[9] = 1;
        Add(HistoryOperationKind.AdvanceClock, from: 1, to: 2);
        Add(HistoryOperationKind.Get, result: 9, from: 3, to: 4);
        AssertLinearizable(false);
    }

    private void Add(
        HistoryOperationKind kind, int key = 0, int id = 0, int result = 0, long from = 0, long to = 0) =>
        _history.Add(new HistoryEvent(new HistoryOperation(kind, key, 1, 0, false), id, result, from, to));

    private void AssertLinearizable(bool expected) => Assert.Equal(
        expected, new LinearizabilityChecker().IsLinearizable(new HistoryModel(_deadlines), _initial, _history));
}
