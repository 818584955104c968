using System.Collections.Concurrent;

namespace HubshareDemo.Hubs;

/// <summary>Every hub connection that has finished its handshake and has not ended.</summary>
public sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<string, ConnectionEntry> entries = new();

    public int Count => entries.Count;

    public IEnumerable<ConnectionEntry> All => entries.Select(pair => pair.Value);

    public ConnectionEntry? Find(string connectionId) => entries.GetValueOrDefault(connectionId);

    public void Add(ConnectionEntry entry) => entries[entry.Id] = entry;

    public ConnectionEntry? Remove(string connectionId) => entries.TryRemove(connectionId, out var entry) ? entry : null;

    public IReadOnlyDictionary<string, int> CountByUser() =>
        All.GroupBy(entry => entry.User ?? "").ToDictionary(group => group.Key, group => group.Count());
}
