using HubshareDemo.Admin;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>SignalR's own lifetime manager, except that events go through each connection's queue, where they are counted one by one.</summary>
public sealed class QueueingLifetimeManager<THub>(
    ILogger<DefaultHubLifetimeManager<THub>> logger,
    HubPools pools,
    HubTransports transports,
    Counters counters)
    : DefaultHubLifetimeManager<THub>(logger)
    where THub : SecureHub
{
    private readonly ConnectionRegistry registry = pools.Of<THub>().Registry;
    private readonly HubGroups groups = pools.Of<THub>().Groups;

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        await base.OnConnectedAsync(connection);
        counters.ConnectionsTotal.Add();
        counters.Handshakes.Add();
        var entry = new ConnectionEntry(connection, counters);
        registry.Add(entry);
        _ = entry.RunQueueAsync();
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (registry.Remove(connection.ConnectionId) is { } entry)
        {
            entry.EndQueue();
            groups.Forget(entry);
            transports.Forget(entry.ConnectionToken ?? "");
        }

        await base.OnDisconnectedAsync(connection);
    }

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        Send(registry.All, methodName, args);

    public override Task SendAllExceptAsync(
        string methodName,
        object?[] args,
        IReadOnlyList<string> excludedConnectionIds,
        CancellationToken cancellationToken = default) =>
        Send(registry.All.Where(entry => !excludedConnectionIds.Contains(entry.Id)), methodName, args);

    public override Task SendConnectionsAsync(
        IReadOnlyList<string> connectionIds,
        string methodName,
        object?[] args,
        CancellationToken cancellationToken = default) =>
        Send(registry.All.Where(entry => connectionIds.Contains(entry.Id)), methodName, args);

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        Send(registry.All.Where(entry => entry.User == userId), methodName, args);

    public override Task SendUsersAsync(
        IReadOnlyList<string> userIds,
        string methodName,
        object?[] args,
        CancellationToken cancellationToken = default) =>
        Send(registry.All.Where(entry => entry.User is not null && userIds.Contains(entry.User)), methodName, args);

    public override Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        groups.Add(groupName, connectionId);
        return Task.CompletedTask;
    }

    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        groups.Remove(groupName, connectionId);
        return Task.CompletedTask;
    }

    public override Task SendGroupAsync(string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        Send(groups.Of(groupName), methodName, args);

    public override Task SendGroupsAsync(
        IReadOnlyList<string> groupNames,
        string methodName,
        object?[] args,
        CancellationToken cancellationToken = default) =>
        Send(groupNames.SelectMany(groups.Of).Distinct(), methodName, args);

    public override Task SendGroupExceptAsync(
        string groupName,
        string methodName,
        object?[] args,
        IReadOnlyList<string> excludedConnectionIds,
        CancellationToken cancellationToken = default) =>
        Send(groups.Of(groupName).Where(entry => !excludedConnectionIds.Contains(entry.Id)), methodName, args);

    /// <summary>The one send that can be awaited to its end: it concerns nobody but its receiver.</summary>
    public override Task SendConnectionAsync(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        registry.Find(connectionId)?.SendAsync(methodName, args) ?? Task.CompletedTask;

    /// <summary>The question goes straight to the transport, so the events that were sent before it must have left the queue.</summary>
    public override async Task<T> InvokeConnectionAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken)
    {
        using var pending = counters.ClientResultsPending.Open();
        await (registry.Find(connectionId)?.FlushAsync() ?? Task.CompletedTask);
        return await base.InvokeConnectionAsync<T>(connectionId, methodName, args, cancellationToken);
    }

    private static Task Send(IEnumerable<ConnectionEntry> entries, string methodName, object?[] args)
    {
        Broadcast.Send(entries, methodName, args);
        return Task.CompletedTask;
    }
}
