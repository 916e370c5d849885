using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>A change token that a test changes, and that counts who is subscribed.</summary>
internal sealed class FakeToken : IChangeToken
{
    private readonly List<Registration> _registrations = [];
    private volatile bool _hasChanged;

    /// <summary>Whether it announces changes by itself; otherwise it has to be asked.</summary>
    public bool ActiveChangeCallbacks { get; init; } = true;

    /// <summary>Runs when it is asked.</summary>
    public Action? OnAsk { get; set; }

    /// <summary>Runs when somebody subscribes.</summary>
    public Action? OnRegister { get; set; }

    public bool HasChanged
    {
        get
        {
            OnAsk?.Invoke();
            return _hasChanged;
        }
        set => _hasChanged = value;
    }

    public int Registrations { get; private set; }

    public int Subscribed
    {
        get
        {
            lock (_registrations)
            {
                return _registrations.Count;
            }
        }
    }

    /// <summary>Changes, and tells who is subscribed, on this thread.</summary>
    public void Change()
    {
        _hasChanged = true;
        Registration[] registrations;
        lock (_registrations)
        {
            registrations = [.. _registrations];
        }

        Array.ForEach(registrations, static registration => registration.Callback(registration.State));
    }

    public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
    {
        OnRegister?.Invoke();
        var registration = new Registration(this, callback, state);
        lock (_registrations)
        {
            Registrations++;
            _registrations.Add(registration);
        }

        return registration;
    }

    private sealed class Registration(FakeToken token, Action<object?> callback, object? state) : IDisposable
    {
        public Action<object?> Callback { get; } = callback;

        public object? State { get; } = state;

        public void Dispose()
        {
            lock (token._registrations)
            {
                token._registrations.Remove(this);
            }
        }
    }
}
