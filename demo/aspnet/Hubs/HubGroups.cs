namespace HubshareDemo.Hubs;

/// <summary>
/// Named groups of connections. SignalR's own lifetime manager keeps its groups to itself and writes to their members one after the other;
/// here their events go through the queue of each connection, as all events do, and members can be counted.
/// </summary>
public sealed class HubGroups(ConnectionRegistry registry)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<ConnectionEntry>> groups = [];

    private const string UserPrefix = "user:";

    /// <summary>The group of all connections of one user.</summary>
    public static string OfUser(string userId) => UserPrefix + userId;

    /// <summary>How many connections are in each group, added up; those of users are left out.</summary>
    public int Members
    {
        get
        {
            lock (gate)
            {
                return groups.Where(group => !group.Key.StartsWith(UserPrefix, StringComparison.Ordinal)).Sum(group => group.Value.Count);
            }
        }
    }

    /// <summary>Does nothing for a connection that has ended: it would stay for ever.</summary>
    public void Add(string group, string connectionId)
    {
        lock (gate)
        {
            if (registry.Find(connectionId) is not { } entry)
            {
                return;
            }

            if (!groups.TryGetValue(group, out var members))
            {
                groups[group] = members = [];
            }

            members.Add(entry);
        }
    }

    public void Remove(string group, string connectionId)
    {
        lock (gate)
        {
            RemoveWhere(group, entry => entry.Id == connectionId);
        }
    }

    /// <summary>Call when the connection is no longer in the registry.</summary>
    public void Forget(ConnectionEntry entry)
    {
        lock (gate)
        {
            foreach (var group in groups.Keys.ToList())
            {
                RemoveWhere(group, member => member == entry);
            }
        }
    }

    public IReadOnlyList<ConnectionEntry> Of(string group)
    {
        lock (gate)
        {
            return groups.TryGetValue(group, out var members) ? [.. members] : [];
        }
    }

    private void RemoveWhere(string group, Predicate<ConnectionEntry> match)
    {
        if (groups.TryGetValue(group, out var members) && members.RemoveWhere(match) > 0 && members.Count == 0)
        {
            groups.Remove(group);
        }
    }
}
