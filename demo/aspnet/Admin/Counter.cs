namespace HubshareDemo.Admin;

/// <summary>One number that many threads change.</summary>
public sealed class Counter
{
    private long value;

    public long Value => Interlocked.Read(ref value);

    public void Add(long amount = 1) => Interlocked.Add(ref value, amount);

    /// <summary>Counts one more until the result is disposed; disposing it again changes nothing.</summary>
    public IDisposable Open()
    {
        Add();
        return new Lease(this);
    }

    private sealed class Lease(Counter counter) : IDisposable
    {
        private int ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 0)
            {
                counter.Add(-1);
            }
        }
    }
}
