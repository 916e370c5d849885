using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Faults;

/// <summary>A change token whose every part can be made to fail, and which counts its subscribers.</summary>
internal sealed class Token : IChangeToken
{
    private readonly List<Registration> _registrations = [];
    private int _changed;

    /// <summary>Whether it must be polled: it does not notify.</summary>
    public bool Polled { get; init; }

    public Action? OnAsk { get; set; }

    public Action? OnRegister { get; set; }

    public Action? OnDispose { get; set; }

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

    public bool ActiveChangeCallbacks => !Polled;

    public bool HasChanged
    {
        get
        {
            OnAsk?.Invoke();
            return Volatile.Read(ref _changed) != 0;
        }
    }

    /// <summary>Changes, and notifies its subscribers on this thread.</summary>
    public void Fire()
    {
        Volatile.Write(ref _changed, 1);
        Registration[] registrations;
        lock (_registrations)
        {
            registrations = [.. _registrations];
        }

        Array.ForEach(registrations, static registration => registration.Callback(registration.State));
    }

    public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
    {
        var registration = new Registration(this, callback, state);
        lock (_registrations)
        {
            _registrations.Add(registration);
        }

        try
        {
            OnRegister?.Invoke();
        }
        catch
        {
            lock (_registrations)
            {
                _registrations.Remove(registration);
            }

            throw;
        }

        return registration;
    }

    private sealed class Registration(Token token, Action<object?> callback, object? state) : IDisposable
    {
        public Action<object?> Callback { get; } = callback;

        public object? State { get; } = state;

        public void Dispose()
        {
            lock (token._registrations)
            {
                token._registrations.Remove(this);
            }

            token.OnDispose?.Invoke();
        }
    }
}
