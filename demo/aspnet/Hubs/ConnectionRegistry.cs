using System.Collections.Concurrent;

namespace HubshareDemo.Hubs;

/// <summary>Every hub connection that has finished its handshake and has not ended.</summary>
public sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<string, ConnectionEntry> entries = new();
    private readonly ConcurrentDictionary<string, ConnectionEntry> byToken = new();

    public int Count => entries.Count;

    public IEnumerable<ConnectionEntry> All => entries.Select(pair => pair.Value);

    public ConnectionEntry? Find(string connectionId) => entries.GetValueOrDefault(connectionId);

    /// <param name="connectionToken">The key under which the requests of the connection come.</param>
    public ConnectionEntry? FindByToken(string connectionToken) => byToken.GetValueOrDefault(connectionToken);

    public void Add(ConnectionEntry entry)
    {
        entries[entry.Id] = entry;
        if (entry.ConnectionToken is { } token)
        {
            byToken[token] = entry;
        }
    }

    public ConnectionEntry? Remove(string connectionId)
    {
        if (!entries.TryRemove(connectionId, out var entry))
        {
            return null;
        }

        byToken.TryRemove(entry.ConnectionToken ?? "", out _);
        return entry;
    }

    public IReadOnlyDictionary<string, int> CountByUser() =>
        All.GroupBy(entry => entry.User ?? "").ToDictionary(group => group.Key, group => group.Count());
}
